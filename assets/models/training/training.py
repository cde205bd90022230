"""The training loop that the scripts in this folder share.

Muon (momentum orthogonalised by Newton-Schulz iterations) moves the matrices of the blocks, AdamW the
rest. The learning rate follows the clock, not the step count: a run that is given 30 minutes has decayed
to zero after 30 minutes on any machine. An exponential moving average of the weights is what gets
measured and kept; the best one so far is always on disk, so a run can be stopped at any moment.
"""
import argparse
import copy
import json
import math
import os
import signal
import time

import torch
from torch.nn import functional

# The quintic Newton-Schulz iteration of Keller Jordan's Muon.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices, steps=5):
    """Bring the singular values of a stack of matrices [n, rows, columns] near 1."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x


class Muon:
    """Muon over the block matrices of a GPT; matrices of one shape are handled as one stack."""

    def __init__(self, model, momentum=0.95, weight_decay=0.1):
        self.momentum, self.weight_decay = momentum, weight_decay
        groups = {}
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and ".h." in name:
                # Queries, keys and values are three maps that share a tensor.
                parts = 3 if name.endswith("c_attn.weight") else 1
                shape = (parameter.shape[0] // parts, parameter.shape[1])
                groups.setdefault(shape, []).append((parameter, parts))
        self.groups = [(shape, members, torch.zeros(sum(parts for _, parts in members), *shape))
                       for shape, members in groups.items()]
        self.parameters = [parameter for _, members, _ in self.groups for parameter, _ in members]

    @torch.no_grad()
    def step(self, rate):
        for shape, members, buffer in self.groups:
            gradient = torch.cat([parameter.grad.view(parts, *shape) for parameter, parts in members])
            buffer.lerp_(gradient, 1 - self.momentum)
            update = orthogonalise(gradient.lerp_(buffer, self.momentum))  # Nesterov
            scale = rate * math.sqrt(max(1.0, shape[0] / shape[1]))
            start = 0
            for parameter, parts in members:
                parameter.mul_(1 - rate * self.weight_decay)
                parameter.add_(update[start:start + parts].reshape(parameter.shape), alpha=-scale)
                start += parts


def add_arguments(parser, minutes, batch, dropout, out):
    """The options that every training script has."""
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--minutes", type=float, default=minutes,
                        help="length of the run; the learning rate decays over exactly this time")
    if batch:
        parser.add_argument("--batch", type=int, default=batch, help="sequences a step")
    parser.add_argument("--dropout", type=float, default=dropout, help="dropout of embedding and branches")
    parser.add_argument("--muon-rate", type=float, default=0.02, help="peak learning rate of the block matrices")
    parser.add_argument("--adam-rate", type=float, default=0.003,
                        help="peak learning rate of embeddings, norms and biases")
    parser.add_argument("--weight-decay", type=float, default=0.1, help="decay of the block matrices")
    parser.add_argument("--average", type=float, default=0.995, help="decay of the average of the weights")
    parser.add_argument("--threads", type=int, default=2, help="processor threads")
    parser.add_argument("--seed", type=int, default=1337, help="seed of weights, batches and dropout")
    parser.add_argument("--work", default=out, help="folder for the log and the best weights so far")


def schedule(progress):
    """Learning rate factor at a progress of 0 to 1: a short warm-up, a plateau, a linear decay to 0."""
    return min(1.0, progress / 0.02, max(0.0, (1.0 - progress) / 0.75))


class Trainer:
    """Runs steps until the time is over; see `run`."""

    def __init__(self, model, arguments):
        self.model, self.arguments = model, arguments
        os.makedirs(arguments.work, exist_ok=True)
        self.average = copy.deepcopy(model).eval()
        self.muon = Muon(model, weight_decay=arguments.weight_decay)
        taken = {id(parameter) for parameter in self.muon.parameters}
        others = [parameter for parameter in model.parameters() if id(parameter) not in taken]
        self.adam = torch.optim.AdamW(others, lr=arguments.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.pairs = list(zip(self.average.parameters(), model.parameters()))
        self.step, self.best, self.log, self.stopped = 0, float("inf"), [], False
        self.start = time.time()
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_):
        self.stopped = True

    def progress(self):
        """Share of the run's time that is over. A number in the file `minutes` changes the length on the fly."""
        minutes, path = self.arguments.minutes, os.path.join(self.arguments.work, "minutes")
        if os.path.exists(path):
            with open(path) as file:
                minutes = float(file.read())
        return min(1.0, (time.time() - self.start) / (60 * minutes))

    def train_step(self, inputs, targets, progress):
        """One step; targets of -100 do not count. Returns the loss."""
        logits = self.model(inputs)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
        self.adam.zero_grad(set_to_none=True)
        for parameter in self.muon.parameters:
            parameter.grad = None
        loss.backward()
        factor = schedule(progress)
        self.adam.param_groups[0]["lr"] = self.arguments.adam_rate * factor
        self.adam.step()
        self.muon.step(self.arguments.muon_rate * factor)
        self.step += 1
        # The average starts short, or the first measurements would show the random weights.
        decay = min(self.arguments.average, self.step / (self.step + 10.0))
        with torch.no_grad():
            for mean, parameter in self.pairs:
                mean.lerp_(parameter, 1 - decay)
        return loss.item()

    def measure(self, evaluate, train_loss):
        """Evaluate the averaged weights, log one line, keep them when they are the best so far."""
        loss = evaluate(self.average)
        row = {"step": self.step, "minutes": round((time.time() - self.start) / 60, 2),
               "train_loss": round(train_loss, 4), "validation_loss": round(loss, 4)}
        self.log.append(row)
        print(json.dumps(row), flush=True)
        with open(os.path.join(self.arguments.work, "log.json"), "w") as file:
            json.dump(self.log, file)
        if loss < self.best:
            self.best = loss
            path = os.path.join(self.arguments.work, "best.pt")
            torch.save({"model": self.average.state_dict(), "step": self.step, "loss": loss}, path + ".new")
            os.replace(path + ".new", path)  # never a half-written file, whenever the run is stopped

    def run(self, next_batch, evaluate, every_seconds=120, after_step=None):
        """Train on `next_batch()` until the time is over and leave the best average in `best.pt`."""
        self.model.train()
        smooth, measured = None, time.time()
        while not self.stopped:
            progress = self.progress()
            if progress >= 1.0:
                break
            loss = self.train_step(*next_batch(), progress)
            smooth = loss if smooth is None else 0.98 * smooth + 0.02 * loss
            if after_step and after_step(self, loss):
                break
            if time.time() - measured > every_seconds:
                self.measure(evaluate, smooth)
                measured = time.time()
        self.measure(evaluate, smooth)
        return torch.load(os.path.join(self.arguments.work, "best.pt"))

#pragma once
#include "model/analysis/anatomy.h"
#include "model/analysis/matrix.h"

namespace orrery {

/// The pattern of a head over the first `rows` tokens [rows, rows]; 0 where masked.
Matrix attention_pattern(const Values& values, const HeadParts& head, int rows);
/// The mean of the patterns of a layer's heads.
Matrix mean_pattern(const Values& values, const LayerParts& layer, int rows);

/// The lengths of what a head writes for each of the tokens in `rows` per unit of attention, |v_j W_O|.
/// Biases of the values stay in.
Finding<std::vector<double>> value_lengths(const Values& values, const HeadParts& head, Rows rows);

/// Value-weighted attention (Kobayashi et al. 2020): the length of what each token really writes to the
/// other, A_ij |v_j W_O|.
Finding<Matrix> written_norms(const Values& values, const HeadParts& head, int rows);

/// Attention rollout (Abnar and Zuidema 2020), one matrix a layer: R_l = A~_l R_{l-1} with A~ half the mean
/// pattern and half the residual stream. Rows sum to 1. It ignores values, MLPs and signs.
Finding<std::vector<Matrix>> attention_rollout(const Values& values, const Anatomy& anatomy, int rows);

/// How evenly a head looks: for each token the entropy of its row divided by that of an even one, 0..1; 0 for
/// tokens that can look at one only.
std::vector<double> attention_entropy(const Matrix& pattern);

/// The first token as attention sink: much looked at, little taken from.
struct SinkReport {
  double attention = 0;  ///< mean over the later tokens of the weight on token 0
  double written = 0;    ///< mean over the later tokens of token 0's share in the lengths written
  bool is_sink() const { return attention > 0.4 && written < attention / 2; }
};
Finding<SinkReport> sink_report(const Values& values, const HeadParts& head, int rows);

}  // namespace orrery

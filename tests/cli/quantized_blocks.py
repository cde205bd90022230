"""GGML's quantized blocks in plain words: random blocks of every type and what numbers they stand for, written from
the description of the formats, number by number, where the program goes block by block."""
import struct


def half(data, place):
    return struct.unpack_from("<e", data, place)[0]


def single(number):
    """Rounded to float32, as every step of the program is."""
    return struct.unpack("<f", struct.pack("<f", number))[0]


def bit(data, index):
    """A bit of a little-endian field."""
    return data[index // 8] >> index % 8 & 1


def nibble(data, low_half, index):
    return data[index] & 15 if low_half else data[index] >> 4


def q8_0(block, i):
    return half(block, 0) * struct.unpack_from("<b", block, 2 + i)[0]


def q4_0(block, i):
    return half(block, 0) * (nibble(block[2:], i < 16, i % 16) - 8)


def q4_1(block, i):
    return single(single(half(block, 0) * nibble(block[4:], i < 16, i % 16)) + half(block, 2))


def q5_0(block, i):
    return half(block, 0) * (nibble(block[6:], i < 16, i % 16) + 16 * bit(block[2:6], i) - 16)


def q5_1(block, i):
    quant = nibble(block[8:], i < 16, i % 16) + 16 * bit(block[4:8], i)
    return single(single(half(block, 0) * quant) + half(block, 2))


def scale_and_minimum(packed, j):
    """The scale and the minimum of sub-block j: six bits each, the last four sub-blocks' spread over two places."""
    if j < 4:
        return packed[j] & 63, packed[j + 4] & 63
    return (packed[j + 4] & 15) + 16 * (packed[j - 4] >> 6), (packed[j + 4] >> 4) + 16 * (packed[j] >> 6)


def k_quant(block, i, quant):
    scale, minimum = scale_and_minimum(block[4:16], i // 32)
    return single(single(single(half(block, 0) * scale) * quant) - single(half(block, 2) * minimum))


def q4_k(block, i):
    group, low_half, place = i // 64, i % 64 < 32, i % 32
    return k_quant(block, i, nibble(block[16:], low_half, 32 * group + place))


def q5_k(block, i):
    group, low_half, place = i // 64, i % 64 < 32, i % 32
    fifth = block[16 + place] >> (2 * group + (0 if low_half else 1)) & 1
    return k_quant(block, i, nibble(block[48:], low_half, 32 * group + place) + 16 * fifth)


def q6_k(block, i):
    part, inside = i // 128, i % 128
    quarter, place = inside // 32, inside % 32
    low = block[64 * part + place + (32 if quarter in (1, 3) else 0)]
    four = low & 15 if quarter < 2 else low >> 4
    two = block[128 + 32 * part + place] >> 2 * quarter & 3
    scale = struct.unpack_from("<b", block, 192 + 8 * part + place // 16 + 2 * quarter)[0]
    return single(single(half(block, 208) * scale) * (four + 16 * two - 32))


# Name: numbers and bytes of a block, where its scales (halves) stand, the number in place i.
TYPES = {"Q8_0": (32, 34, (0,), q8_0), "Q4_0": (32, 18, (0,), q4_0), "Q4_1": (32, 20, (0, 2), q4_1),
         "Q5_0": (32, 22, (0,), q5_0), "Q5_1": (32, 24, (0, 2), q5_1), "Q4_K": (256, 144, (0, 2), q4_k),
         "Q5_K": (256, 176, (0, 2), q5_k), "Q6_K": (256, 210, (208,), q6_k)}


def random_blocks(name, count, random):
    """Bytes of blocks with small finite scales."""
    _, size, scales, _ = TYPES[name]
    result = b""
    for _ in range(count):
        block = bytearray(random.randbytes(size))
        for place in scales:
            struct.pack_into("<e", block, place, random.uniform(-0.01, 0.01))
        result += bytes(block)
    return result


def numbers(name, data):
    values, size, _, number = TYPES[name]
    return [single(number(data[at:at + size], i)) for at in range(0, len(data), size) for i in range(values)]

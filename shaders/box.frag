// The cells of a block: which cell, how fine a level, its colour, then tile, light, frame and haze.
in vec2 cell_place;
in vec3 world;
in float front_share;
flat in vec3 normal;
flat in ivec4 block_window;
flat in uint block_index;
flat in uint fine_line;
flat in uvec4 block_traits;
flat in float scale;
flat in ivec2 rows_known;
flat in vec2 block_state;
flat in vec3 accent;
out vec4 colour;

uniform highp sampler2DArray values;
uniform highp usampler2D value_table;
uniform sampler2D ramps;     // row 0: numbers -1..1, row 1: attention 0..1
uniform vec3 gap_colour, empty_colour, hatch_colour;

uvec4 entry_of(uint line, int place) {
  return texelFetch(value_table, ivec2(int(line & 63u) * 16 + place, int(line >> 6)), 0);
}

// The texel of a level that holds a cell. Levels below the block's first are those of its window.
vec2 value_at(ivec2 cell, int level, ivec2 fine_corner) {
  uvec4 run;
  if (level < int(block_traits.z)) {
    run = entry_of(fine_line, level);
    cell -= fine_corner;
  } else {
    run = entry_of(block_index, level);
  }
  cell = min(cell >> level, ivec2(run.yz) - 1);
  uint i = run.x + uint(cell.y) * run.y + uint(cell.x);
  return texelFetch(values, ivec3(int(i & 2047u), int((i >> 11) & 2047u), int(i >> 22)), 0).rg;
}

float row_limit(int row) {
  uint i = entry_of(block_index, 15).x + uint(row);
  return texelFetch(values, ivec3(int(i & 2047u), int((i >> 11) & 2047u), int(i >> 22)), 0).r;
}

vec3 ramp_colour(vec2 parts) {
  parts = min(parts, vec2(1.0));
  if ((block_traits.y & 2u) != 0u) return texture(ramps, vec2(parts.x * 0.996 + 0.002, 0.75)).rgb;
  vec3 zero = texture(ramps, vec2(0.5, 0.25)).rgb;
  return texture(ramps, vec2(0.5 + 0.498 * parts.x, 0.25)).rgb +
         texture(ramps, vec2(0.5 - 0.498 * parts.y, 0.25)).rgb - zero;
}

void main() {
  vec2 cells = vec2(block_window.zw);
  // Every derivative is kept away from 0: 0/0 would turn a block grey.
  vec2 width = max(fwidth(cell_place), vec2(1e-6));
  float size = max(width.x, width.y);  // cells a pixel
  vec2 place = clamp(cell_place, vec2(0.0), cells - 0.001);
  vec2 tensor_place = place + vec2(block_window.xy);
  ivec2 cell = ivec2(tensor_place);

  // What is known here, and how freshly.
  bool known = cell.y < rows_known.x;
  float glow = 0.0;
  if (rows_known.y >= 0 && known && cell.y >= rows_known.y) {
    float total = float(rows_known.x - rows_known.y) * cells.x;
    float index = float(cell.y - rows_known.y) * cells.x + place.x;
    float behind = block_state.y * total - index;
    known = behind >= 0.0;
    glow = known ? 0.30 + 0.70 * exp(-behind / max(0.06 * total, 1.0)) : 0.0;
    glow *= 1.0 - smoothstep(0.96, 1.0, block_state.y) * 0.6;
  }
  bool masked = (block_traits.y & 1u) != 0u && cell.x > cell.y;

  int first = int(block_traits.z), last = int(block_traits.w) - 1;
  ivec2 fine_corner = ivec2(0);
  if (fine_line != 0u) {
    uvec4 window = entry_of(fine_line, 15);
    fine_corner = ivec2(window.xy);
    ivec2 inside = cell - fine_corner;
    if (inside.x >= 0 && inside.y >= 0 && inside.x < int(window.z & 0xffffffu) && inside.y < int(window.w))
      first = int(window.z >> 24);
  }
  float tile_size = float(1 << first);   // cells a tile: more than one where only means are kept
  float detail = size / tile_size;       // tiles a pixel
  float level = clamp(log2(size) + 0.5, float(first), float(last));
  int fine = int(level);
  vec2 parts = value_at(cell, fine, fine_corner);
  if (level > float(fine)) {
    int coarse = min(fine + 1, last);
    parts = mix(parts, value_at(cell, coarse, fine_corner), level - float(fine));
  }
  // No number: infinite in the first part where one overflowed, in the second where none was computed: masked by
  // a sliding window, or left out by the network.
  bool broken = parts.x > 65504.0;
  if (parts.y > 65504.0) {
    if ((block_traits.y & 1u) != 0u) masked = true;
    else known = false;
    parts = vec2(0.0);
  }
  if ((block_traits.y & 4u) != 0u) parts /= max(row_limit(cell.y), 1e-7);
  else parts *= scale;
  // From afar the means of many small numbers would all be dull: their contrast is raised a little.
  parts *= (1.0 + 0.35 * clamp(level - float(first), 0.0, 2.0) * 0.5);
  vec3 paint = ramp_colour(pow(parts, vec2(mix(0.92, 1.0, dark))));
  if (broken) paint = vec3(1.0, 0.0, 0.6), parts = vec2(0.0);
  if (!known) paint = empty_colour;

  // The rounded tile, in tiles from its centre.
  vec2 across = fract(tensor_place / tile_size) - 0.5;
  if (normal.x != 0.0) across.x = 0.0;
  if (normal.y != 0.0) across.y = 0.0;
  const float gap = 0.05, radius = 0.12;
  vec2 q = abs(across) - (0.5 - gap - radius);
  float outside = length(max(q, vec2(0.0))) + min(max(q.x, q.y), 0.0) - radius;
  float pixel = max(detail, 1e-4);
  float cover = clamp(0.5 - outside / pixel, 0.0, 1.0);
  float far = clamp((detail - 0.22) * 3.2, 0.0, 1.0);
  cover = mix(cover, 0.86, far);

  // Light: from above left; tiles are bevelled close up.
  vec2 bevel = smoothstep(0.30, 0.45, abs(across)) * sign(across) * (1.0 - far);
  vec3 tilt = normal.z == 0.0 || !known ? vec3(0.0) : vec3(bevel.x, -bevel.y, 0.0) * 0.5;
  vec3 n = normalize(normal + tilt), light = normalize(vec3(-0.45, 0.75, 0.65)), view = normalize(eye - world);
  float shine = pow(max(dot(n, normalize(light + view)), 0.0), 36.0);
  float shade = (mix(0.56, 0.70, 0.5 + 0.5 * n.y) + 0.48 * max(dot(n, light), 0.0)) * mix(1.10, 1.08, dark);
  vec2 to_edge = min(place, cells - place);
  float rim = min(normal.x != 0.0 ? 1e3 : to_edge.x, normal.y != 0.0 ? 1e3 : to_edge.y);
  if (normal.z != 0.0) shade *= mix(mix(0.92, 0.84, dark), 1.0, smoothstep(0.0, min(4.0, 0.35 * min(cells.x, cells.y) + 0.5), rim));
  else shade *= mix(mix(0.62, 0.42, dark), 0.88, front_share);

  vec3 tile = min(paint * shade, vec3(1.0)) + shine * mix(0.16, 0.10, dark) * (known ? 1.0 : 0.3) * (1.0 - far);
  tile += dark * paint * paint * 0.40 * min(max(parts.x, parts.y), 1.0) * (known ? 1.0 : 0.0);
  if (masked) {
    float stripe = abs(fract((tensor_place.x + tensor_place.y) * 1.5) - 0.5) * 2.0;   // 0..1 across a stripe
    float wide = max(size * 3.0, 1e-4);
    float line = mix(smoothstep(0.62 - wide, 0.62 + wide, stripe), 0.38, clamp(size * 2.2 - 0.3, 0.0, 1.0));
    tile = mix(empty_colour * 0.9, hatch_colour, line);
    cover = 1.0;
  } else if (!known) {
    // Not computed yet: an empty frame for each cell, nothing inside.
    float line = clamp(1.0 - abs(outside + 0.06) / max(pixel * 0.8, 0.02), 0.0, 1.0) * (1.0 - far);
    tile = mix(empty_colour, mix(gap_colour, accent, 0.25), line * 0.55);
    cover = 1.0;
  }
  tile = mix(tile, mix(mix(accent, vec3(1.0), 0.25), vec3(1.0), dark * 0.3), glow * mix(0.30, 0.34, dark));
  vec3 gaps = mix(gap_colour, accent * mix(0.75, 0.20, dark), 0.35);
  if (normal.z == 0.0) gaps *= 0.75;
  vec3 result = mix(gaps, tile, cover);

  // The frame: a line in the colour of the kind along the silhouette.
  bool ghost = block_state.x > 3.5;
  bool lit = block_state.x > 2.5 && !ghost, operand = block_state.x > 1.5 && !lit && !ghost;
  float thick = lit ? 2.2 : operand ? 1.7 : 0.9;
  float edge = 1e3;
  if (normal.x == 0.0) edge = min(edge, to_edge.x / width.x);
  if (normal.y == 0.0) edge = min(edge, to_edge.y / width.y);
  float frame = (1.0 - clamp(edge - thick, 0.0, 1.0)) * (normal.z != 0.0 ? (lit || operand ? 1.0 : 0.75) : 0.35);
  vec3 frame_colour = accent * mix(0.9, 1.0, dark);
  if (lit) frame_colour = mix(frame_colour, mix(vec3(0.0), vec3(1.0), dark), 0.45);
  if (ghost && (frame < 0.4 || normal.z == 0.0)) discard;
  result = mix(result, frame_colour, frame);

  vec3 behind = background(gl_FragCoord.y);
  if (block_state.x > 0.5 && block_state.x < 1.5) result = mix(result, behind, mix(0.45, 0.36, dark));
  colour = vec4(mix(result, behind, haze(length(eye - world))), 1.0);
}

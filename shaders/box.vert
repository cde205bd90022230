// One box a block: five faces (the back is never seen), each with its place in cells.
layout(location = 0) in vec4 corner_depth;   // left, top, front; depth backwards
layout(location = 1) in vec2 cell_size;
layout(location = 2) in ivec4 window;        // first column, first row, columns, rows
layout(location = 3) in uint table_index;
layout(location = 4) in uvec4 traits;        // kind, flags (1 causal, 2 attention), first level, levels
layout(location = 5) in float inverse_range;
layout(location = 6) in ivec2 known_fresh;   // rows of the tensor known; first fresh row
layout(location = 7) in vec2 state;          // emphasis, progress in 1/4096
layout(location = 8) in uint window_line;    // of the table, where a part of the block is there more finely

uniform vec3 frames[5];

out vec2 cell_place;                         // in cells of the block
out vec3 world;
out float front_share;                       // 1 at the front edge of a side face, 0 at its back
flat out vec3 normal;
flat out ivec4 block_window;
flat out uint block_index;
flat out uint fine_line;
flat out uvec4 block_traits;
flat out float scale;
flat out ivec2 rows_known;
flat out vec2 block_state;
flat out vec3 accent;

void main() {
  int face = gl_VertexID / 6, turn = gl_VertexID % 6;
  vec2 q = vec2(turn == 1 || turn == 2 || turn == 4 ? 1.0 : 0.0, turn == 2 || turn == 4 || turn == 5 ? 1.0 : 0.0);
  vec2 cells = vec2(window.zw);
  vec3 p;  // right, down, back
  if (face == 0) { p = vec3(q.x, 1.0 - q.y, 0.0); normal = vec3(0.0, 0.0, 1.0); }
  else if (face == 1) { p = vec3(0.0, 1.0 - q.y, 1.0 - q.x); normal = vec3(-1.0, 0.0, 0.0); }
  else if (face == 2) { p = vec3(1.0, 1.0 - q.y, q.x); normal = vec3(1.0, 0.0, 0.0); }
  else if (face == 3) { p = vec3(q.x, 0.0, q.y); normal = vec3(0.0, 1.0, 0.0); }
  else { p = vec3(q.x, 1.0, 1.0 - q.y); normal = vec3(0.0, -1.0, 0.0); }
  cell_place = p.xy * cells;
  front_share = 1.0 - p.z;
  world = corner_depth.xyz + vec3(p.x * cells.x * cell_size.x, -p.y * cells.y * cell_size.y, -p.z * corner_depth.w);
  block_window = window;
  block_index = table_index;
  fine_line = window_line;
  block_traits = traits;
  scale = inverse_range;
  rows_known = known_fresh;
  block_state = state * vec2(1.0, 1.0 / 4096.0);
  accent = frames[traits.x];
  gl_Position = view_projection * vec4(world, 1.0);
}

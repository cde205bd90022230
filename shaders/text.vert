// One quad a glyph, in the plane of the faces.
layout(location = 0) in vec4 anchor;       // world; w: world units an em
layout(location = 1) in vec4 box;          // left, top, width, height in 1/512 em from the anchor (y upwards)
layout(location = 2) in vec4 atlas_box;    // in the atlas, texels
layout(location = 3) in vec4 ink;

out vec2 atlas_place;
flat out vec4 ink_colour;
uniform vec2 atlas_size;

void main() {
  vec2 q = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 em = (box.xy + vec2(q.x * box.z, -q.y * box.w)) / 512.0;
  atlas_place = (atlas_box.xy + q * atlas_box.zw) / atlas_size;
  ink_colour = ink;
  gl_Position = view_projection * vec4(anchor.xyz + vec3(em * anchor.w, 0.0), 1.0);
}

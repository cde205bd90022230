// One quad a glyph, in the plane of the faces.
layout(location = 0) in vec2 span;         // left, width in 1/512 em from the text's anchor
layout(location = 1) in uvec2 places;      // of its glyph and its text in the lists below
layout(location = 2) in vec4 ink;

out vec2 atlas_place;
flat out vec4 ink_colour;
uniform vec2 atlas_size;
uniform highp sampler2D texts;             // anchor in the world; w: world units an em
uniform highp sampler2D glyph_boxes;       // two a glyph: top, height in 1/512 em (y upwards); box in the atlas, texels

vec4 item(highp sampler2D list, int i) { return texelFetch(list, ivec2(i & 255, i >> 8), 0); }

void main() {
  vec2 q = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec4 anchor = item(texts, int(places.y));
  vec4 upright = item(glyph_boxes, int(places.x) * 2), atlas_box = item(glyph_boxes, int(places.x) * 2 + 1);
  vec2 em = (vec2(span.x, upright.x) + vec2(q.x * span.y, -q.y * upright.y)) / 512.0;
  atlas_place = (atlas_box.xy + q * atlas_box.zw) / atlas_size;
  ink_colour = ink;
  gl_Position = view_projection * vec4(anchor.xyz + vec3(em * anchor.w, 0.0), 1.0);
}

// Rectangles that lie in the planes of the faces: plates, shadows, halos, marks.
layout(location = 0) in vec3 corner;      // left, top
layout(location = 1) in vec2 size;
layout(location = 2) in vec4 fill;        // with alpha
layout(location = 3) in vec4 line;        // with alpha
layout(location = 4) in vec4 shape;       // corner radius, softness of the fill and of the glow (world units), width of the line (pixels)
layout(location = 5) in vec2 glow;        // strength; 1 = the fill is light that is added

out vec2 from_centre;
out vec3 world;
flat out vec2 half_size;
flat out vec4 fill_colour, line_colour, form;
flat out vec2 light;

void main() {
  vec2 q = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  half_size = size * 0.5;
  float grow = shape.y * 1.05 + shape.z * 1.6;
  vec2 p = (q - 0.5) * 2.0 * (half_size + grow);
  // Room for lines that are wider than nothing on far rectangles.
  world = corner + vec3(half_size.x, -half_size.y, 0.0) + vec3(p.x, -p.y, 0.0);
  from_centre = p;
  fill_colour = fill;
  line_colour = line;
  form = shape;
  light = glow;
  gl_Position = view_projection * vec4(world, 1.0);
}

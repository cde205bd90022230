// A cubic Bezier as a strip of 20 segments, widened on the screen so that its edges can be smoothed.
layout(location = 0) in vec4 point0;   // w: width in world units
layout(location = 1) in vec4 point1;   // w: flow
layout(location = 2) in vec4 point2;   // w: phase
layout(location = 3) in vec4 point3;   // w: 1 a ribbon, 2 an arrow
layout(location = 4) in vec4 tint;

uniform float time, pixels_a_unit;     // pixels a world unit at distance 1

out vec3 place;                        // along 0..1; across and half the width in pixels
flat out vec4 strand_colour;
flat out vec4 form;                    // half width in pixels, flow, phase, ribbon
out float distance_to_eye;

vec3 curve(float t) {
  float s = 1.0 - t;
  return point0.xyz * (s * s * s) + point1.xyz * (3.0 * s * s * t) + point2.xyz * (3.0 * s * t * t) + point3.xyz * (t * t * t);
}

void main() {
  int joint = gl_VertexID >> 1;
  float t = float(joint) / 20.0, side = (gl_VertexID & 1) == 0 ? -1.0 : 1.0;
  // An arrow's last two joints are its head: as wide as two shafts and a half, then nothing.
  bool arrow = point3.w > 1.5;
  float chord = max(length(point3.xyz - point0.xyz), 1e-4), head = min(point0.w * 3.5 / chord, 0.5);
  if (arrow) t = joint < 18 ? float(joint) / 17.0 * (1.0 - head) : joint == 18 ? 1.0 - head : joint == 19 ? 1.0 - head * 0.5 : 1.0;
  vec3 at = curve(t);
  vec4 here = view_projection * vec4(at, 1.0);
  vec4 before = view_projection * vec4(curve(max(t - 0.02, 0.0)), 1.0);
  vec4 after = view_projection * vec4(curve(min(t + 0.02, 1.0)), 1.0);
  vec2 along = (after.xy / max(after.w, 1e-3) - before.xy / max(before.w, 1e-3)) * resolution;
  along = along / max(length(along), 1e-5);
  vec3 middle = (point0.xyz + point3.xyz) * 0.5;
  float half_width = 0.5 * point0.w * pixels_a_unit / max(length(middle - eye), 1e-3);
  float solid = max(half_width, 0.55);
  if (arrow && joint >= 18) solid *= 2.6 * float(20 - joint) / 2.0;
  float drawn = solid + 1.0;
  place = vec3(t, side * drawn, solid);
  strand_colour = tint * vec4(1.0, 1.0, 1.0, min(half_width / 0.55, 1.0) * 0.75 + 0.25);
  form = vec4(max(half_width, 0.55), point1.w, fract(point2.w + point1.w * time), point3.w);
  distance_to_eye = length(at - eye);
  here.xy += vec2(-along.y, along.x) * side * drawn * 2.0 / resolution * here.w;
  gl_Position = here;
}

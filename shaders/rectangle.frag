in vec2 from_centre;
in vec3 world;
flat in vec2 half_size;
flat in vec4 fill_colour, line_colour, form;
flat in vec2 light;
out vec4 colour;

void main() {
  float radius = min(form.x, min(half_size.x, half_size.y));
  vec2 q = abs(from_centre) - half_size + radius;
  float outside = length(max(q, vec2(0.0))) + min(max(q.x, q.y), 0.0) - radius;  // world units
  vec2 step = fwidth(from_centre);
  float pixel = max(max(step.x, step.y), 1e-6);
  float soft = max(form.y, pixel * 0.5);
  float inside = clamp(0.5 - outside / (2.0 * soft), 0.0, 1.0);
  inside = inside * inside * (3.0 - 2.0 * inside);
  float alpha = fill_colour.a * inside;
  vec4 result = vec4(fill_colour.rgb * alpha, alpha * (1.0 - light.y));
  float on_line = line_colour.a * clamp(form.w * 0.5 + 0.5 - abs(outside + form.w * 0.5 * pixel) / pixel, 0.0, 1.0);
  result = result * (1.0 - on_line) + vec4(line_colour.rgb, 1.0) * on_line;
  if (light.x > 0.0 && outside > 0.0) {
    float halo = light.x * exp(-outside * outside / max(form.z * form.z * 0.5, 1e-6));
    result += vec4(line_colour.rgb, 1.0 - dark) * halo * (1.0 - result.a);
  }
  colour = result * (1.0 - haze(length(eye - world)));
}

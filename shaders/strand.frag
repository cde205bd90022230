in vec3 place;
flat in vec4 strand_colour;
flat in vec4 form;
in float distance_to_eye;
out vec4 colour;

void main() {
  float edge = clamp(place.z + 0.5 - abs(place.y), 0.0, 1.0);
  float alpha = strand_colour.a * edge;
  float lit = 0.0;
  if (form.y > 0.0) {
    float behind = fract(form.z - place.x);          // how far behind the running light
    lit = exp(-behind * 9.0) + 0.5 * exp(-(1.0 - behind) * 60.0);
  }
  if (form.w > 0.5 && form.w < 1.5) {
    // A ribbon: a veil with fine lines inside, which fade where they would stand closer than 3 pixels.
    float lines = 9.0, spacing = 2.0 * form.x / lines;
    float across = fract((place.y / (2.0 * form.x) + 0.5) * lines) - 0.5;
    float line = clamp(1.0 - (abs(across) * spacing - 0.4), 0.0, 1.0);
    line = mix(0.30, line, clamp(spacing / 3.0 - 0.6, 0.0, 1.0));
    float rim = clamp(1.6 - (form.x - abs(place.y)), 0.0, 1.0);
    alpha *= 0.16 + 0.50 * line + 0.5 * rim;
  }
  vec3 tint = mix(strand_colour.rgb, mix(strand_colour.rgb * 0.55, vec3(1.0), dark), clamp(lit, 0.0, 1.0) * 0.75);
  alpha = clamp(alpha * (1.0 + lit * 0.9), 0.0, 1.0) * (1.0 - haze(distance_to_eye));
  // Light is added on the dark theme, ink covers on the light one.
  colour = vec4(tint * alpha, alpha * mix(1.0, 0.35, dark));
}

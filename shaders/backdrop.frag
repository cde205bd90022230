// The background: a gradient with a soft light, dithered so that no bands show. Drawn once a size and theme.
in vec2 place;
out vec4 colour;

float noise(vec2 p) { return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715)))); }

void main() {
  vec3 base = background(gl_FragCoord.y);
  float aspect = resolution.x / resolution.y;
  float glow = exp(-dot(place * vec2(0.8 * aspect / 1.78, 1.0) - vec2(-0.25, 0.35), place - vec2(-0.25, 0.35)) * 0.9);
  base += mix(vec3(0.0), vec3(0.020, 0.026, 0.052), dark) * glow;
  float edge = smoothstep(0.7, 1.9, length(place));
  base *= 1.0 - edge * mix(0.07, 0.35, dark);
  colour = vec4(base + (noise(gl_FragCoord.xy) - 0.5) / 255.0, 1.0);
}

in vec2 atlas_place;
flat in vec4 ink_colour;
out vec4 colour;

uniform sampler2D glyphs;
uniform vec2 atlas_size;       // texels
uniform float halo;            // 1: letters stand on a soft patch of background
uniform float spread;          // texels from the middle of the range to its end

void main() {
  float field = texture(glyphs, atlas_place).r;
  vec2 step = fwidth(atlas_place * atlas_size);
  float texels = max(max(step.x, step.y), 1e-4);        // texels a pixel
  float outside = (0.5 - field) * 2.0 * spread / texels;  // pixels
  // Small letters are drawn a little bolder, or their thin strokes fade.
  float bold = clamp((texels - 1.4) * 0.12, 0.0, 0.22);
  float ink = clamp(0.5 - outside + bold, 0.0, 1.0);
  float veil = halo * clamp(1.0 - (outside + 0.5) / 2.6, 0.0, 1.0) * mix(0.75, 0.65, dark);
  float a = ink_colour.a;
  vec3 halo_colour = background(gl_FragCoord.y);
  float alpha = ink + veil * (1.0 - ink);
  colour = vec4(ink_colour.rgb * ink + halo_colour * veil * (1.0 - ink), alpha) * a;
}

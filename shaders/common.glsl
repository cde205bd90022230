// Stands before every shader. OpenGL 3.3 core and GLES 3.0 alike: no layout(binding), no storage buffers.
uniform mat4 view_projection;
uniform vec3 eye;
uniform vec2 resolution;      // pixels of the picture that is drawn
uniform vec3 background_top, background_bottom;
uniform float dark;           // 1 on the dark theme, 0 on the light one
uniform float focus;          // distance from the eye to what it looks at

vec3 background(float y) { return mix(background_bottom, background_top, smoothstep(0.0, 1.0, y / resolution.y)); }

// How much of the haze lies before a point at `distance`: none up to what the eye looks at.
float haze(float distance) {
  float behind = max(distance / focus - 1.05, 0.0);
  return 0.7 * (1.0 - exp(-behind * behind * 3.0));
}

#include "renderer/gl.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "model/message.h"
#include "model/resources.h"

namespace orrery {
namespace {

void GLAD_API_PTR print_debug(GLenum, GLenum type, GLuint, GLenum severity, GLsizei, const GLchar* text,
                              const void*) {
  if (severity != GL_DEBUG_SEVERITY_NOTIFICATION && type != GL_DEBUG_TYPE_PERFORMANCE)
    std::fprintf(stderr, "OpenGL: %s\n", text);
}

std::string read_shader(const std::string& file) {
  std::ifstream in(resource_path() / "shaders" / file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) throw Error(say("shaders/{0}: the file is missing or unreadable.", file));
  return text.str();
}

struct Shader {
  GLuint name;
  explicit Shader(GLenum type) : name(glCreateShader(type)) {}
  ~Shader() { glDeleteShader(name); }
};

void compile(const Shader& shader, const std::string& file) {
  const char* version = reinterpret_cast<const char*>(glGetString(GL_VERSION));
  bool embedded = version && std::strstr(version, "OpenGL ES");
  std::string text = embedded ? "#version 300 es\nprecision highp float;\nprecision highp int;\n"
                                "precision highp sampler2DArray;\nprecision highp usampler2D;\n"
                              : "#version 330 core\n";
  text += read_shader("common.glsl") + "#line 1\n" + read_shader(file);
  const char* source = text.c_str();
  glShaderSource(shader.name, 1, &source, nullptr);
  glCompileShader(shader.name);
  GLint good = 0;
  glGetShaderiv(shader.name, GL_COMPILE_STATUS, &good);
  if (good) return;
  char log[2000] = "";
  glGetShaderInfoLog(shader.name, sizeof log, nullptr, log);
  throw Error(say("shaders/{0}: {1}", file, log));
}

}  // namespace

void load_gl(GLADloadfunc loader, bool debug) {
  int version = gladLoadGL(loader);
  if (version < GLAD_MAKE_VERSION(3, 3))
    throw Error(
        say("OpenGL 3.3 is needed, but the graphics driver offers {0}.{1}. Install Mesa's drivers "
            "(libgl1-mesa-dri) or newer ones of the graphics card.",
            GLAD_VERSION_MAJOR(version), GLAD_VERSION_MINOR(version)));
  if (debug && GLAD_GL_KHR_debug) {
    glEnable(GL_DEBUG_OUTPUT);
    glEnable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
    glDebugMessageCallback(print_debug, nullptr);
  }
}

GLuint BufferTraits::create() {
  GLuint name = 0;
  glGenBuffers(1, &name);
  return name;
}
void BufferTraits::destroy(GLuint name) { glDeleteBuffers(1, &name); }
GLuint TextureTraits::create() {
  GLuint name = 0;
  glGenTextures(1, &name);
  return name;
}
void TextureTraits::destroy(GLuint name) { glDeleteTextures(1, &name); }
GLuint VertexArrayTraits::create() {
  GLuint name = 0;
  glGenVertexArrays(1, &name);
  return name;
}
void VertexArrayTraits::destroy(GLuint name) { glDeleteVertexArrays(1, &name); }
GLuint FramebufferTraits::create() {
  GLuint name = 0;
  glGenFramebuffers(1, &name);
  return name;
}
void FramebufferTraits::destroy(GLuint name) { glDeleteFramebuffers(1, &name); }
GLuint ProgramTraits::create() { return glCreateProgram(); }
void ProgramTraits::destroy(GLuint name) { glDeleteProgram(name); }

GLuint Buffer::name() {
  if (!object_) object_ = GlObject<BufferTraits>::make();
  return object_.name();
}

size_t Buffer::set(const void* data, size_t size) {
  const std::byte* bytes = static_cast<const std::byte*>(data);
  size_t first = 0, last = size;
  size_t common = std::min(size, held_.size());
  while (first < common && bytes[first] == held_[first]) ++first;
  if (first == size) return 0;
  if (size <= held_.size())
    while (last > first && bytes[last - 1] == held_[last - 1]) --last;
  glBindBuffer(GL_ARRAY_BUFFER, name());
  if (size > capacity_) {
    capacity_ = size + size / 2;
    glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(capacity_), nullptr, GL_DYNAMIC_DRAW);
    held_.reserve(capacity_);
    first = 0;
    last = size;
  }
  if (held_.size() < size) held_.resize(size);
  std::memcpy(held_.data() + first, bytes + first, last - first);
  glBufferSubData(GL_ARRAY_BUFFER, GLintptr(first), GLsizeiptr(last - first), bytes + first);
  return last - first;
}

void bind_instances(const VertexArray& array, Buffer& buffer, size_t stride,
                    std::initializer_list<InstanceAttribute> attributes) {
  glBindVertexArray(array.name());
  glBindBuffer(GL_ARRAY_BUFFER, buffer.name());
  for (const InstanceAttribute& attribute : attributes) {
    auto place = GLuint(attribute.location);
    auto offset = reinterpret_cast<const void*>(attribute.offset);
    glEnableVertexAttribArray(place);
    if (attribute.integer)
      glVertexAttribIPointer(place, attribute.components, attribute.type, GLsizei(stride), offset);
    else
      glVertexAttribPointer(place, attribute.components, attribute.type, attribute.type == GL_UNSIGNED_BYTE,
                            GLsizei(stride), offset);
    glVertexAttribDivisor(place, 1);
  }
}

Program::Program(std::string name) : name_(std::move(name)) { reload(); }

void Program::reload() {
  Shader vertex(GL_VERTEX_SHADER), fragment(GL_FRAGMENT_SHADER);
  compile(vertex, name_ + ".vert");
  compile(fragment, name_ + ".frag");
  auto made = GlObject<ProgramTraits>::make();
  glAttachShader(made.name(), vertex.name);
  glAttachShader(made.name(), fragment.name);
  glLinkProgram(made.name());
  GLint good = 0;
  glGetProgramiv(made.name(), GL_LINK_STATUS, &good);
  if (!good) {
    char log[2000] = "";
    glGetProgramInfoLog(made.name(), sizeof log, nullptr, log);
    throw Error(say("shaders/{0}: {1}", name_ + ".frag", log));
  }
  object_ = std::move(made);
  places_.clear();
}

GLint Program::at(const char* uniform) const {
  for (auto& [name, place] : places_)
    if (!std::strcmp(name, uniform)) return place;
  GLint place = glGetUniformLocation(object_.name(), uniform);
  places_.emplace_back(uniform, place);
  return place;
}

void Canvas::resize(int new_width, int new_height, bool with_depth) {
  if (framebuffer && new_width == width && new_height == height) return;
  width = new_width;
  height = new_height;
  colour = Texture::make();
  glBindTexture(GL_TEXTURE_2D, colour.name());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  if (!framebuffer) framebuffer = Framebuffer::make();
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer.name());
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, colour.name(), 0);
  if (!with_depth) return;
  depth = Texture::make();
  glBindTexture(GL_TEXTURE_2D, depth.name());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_DEPTH_COMPONENT24, width, height, 0, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT,
               nullptr);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_TEXTURE_2D, depth.name(), 0);
}

void Canvas::bind() const {
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer.name());
  glViewport(0, 0, width, height);
}

}  // namespace orrery

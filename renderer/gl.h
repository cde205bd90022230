#pragma once
#include <glad/gl.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// Loads the OpenGL functions of the current context. Throws Error if it offers less than OpenGL 3.3.
/// `debug` writes the driver's messages (KHR_debug) to standard error.
void load_gl(GLADloadfunc loader, bool debug = false);

/// Owner of one OpenGL object: move-only; the context must be current when it is destroyed.
template <class Traits>
class GlObject {
 public:
  GlObject() = default;
  GlObject(GlObject&& other) noexcept : name_(std::exchange(other.name_, 0)) {}
  GlObject& operator=(GlObject&& other) noexcept {
    std::swap(name_, other.name_);
    return *this;
  }
  ~GlObject() {
    if (name_) Traits::destroy(name_);
  }
  static GlObject make() {
    GlObject object;
    object.name_ = Traits::create();
    return object;
  }
  GLuint name() const { return name_; }
  explicit operator bool() const { return name_ != 0; }

 private:
  GLuint name_ = 0;
};

struct BufferTraits {
  static GLuint create();
  static void destroy(GLuint name);
};
struct TextureTraits {
  static GLuint create();
  static void destroy(GLuint name);
};
struct VertexArrayTraits {
  static GLuint create();
  static void destroy(GLuint name);
};
struct FramebufferTraits {
  static GLuint create();
  static void destroy(GLuint name);
};
struct ProgramTraits {
  static GLuint create();
  static void destroy(GLuint name);
};
using Texture = GlObject<TextureTraits>;
using VertexArray = GlObject<VertexArrayTraits>;
using Framebuffer = GlObject<FramebufferTraits>;

/// A vertex buffer that knows what it holds: set() uploads only the bytes that differ from the last time.
class Buffer {
 public:
  /// Makes the buffer hold `size` bytes of `data`. Returns how many bytes went to the GPU.
  size_t set(const void* data, size_t size);
  GLuint name();

 private:
  GlObject<BufferTraits> object_;
  std::vector<std::byte> held_;
  size_t capacity_ = 0;
};

/// One attribute that advances once an instance.
struct InstanceAttribute {
  int location, components;
  GLenum type;
  bool integer;  ///< read as integers in the shader; else as floats (normalised where type is
                 ///< GL_UNSIGNED_BYTE)
  size_t offset;
};
/// A vertex array whose attributes all come from one buffer of instances with `stride` bytes each.
void bind_instances(const VertexArray& array, Buffer& buffer, size_t stride,
                    std::initializer_list<InstanceAttribute> attributes);

/// A shader program made of shaders/NAME.vert and shaders/NAME.frag, each behind shaders/common.glsl and the
/// #version line of this context (the files have none).
class Program {
 public:
  /// Throws Error naming the shader file and the compiler's message.
  explicit Program(std::string name);
  /// Compiles the files again; keeps the old program and throws if that fails.
  void reload();
  void use() const { glUseProgram(object_.name()); }
  /// Place of a uniform; -1 (ignored by glUniform) where the shader has none of that name. Looked up once.
  GLint at(const char* uniform) const;

 private:
  std::string name_;
  GlObject<ProgramTraits> object_;
  mutable std::vector<std::pair<const char*, GLint>> places_;
};

/// A colour texture to draw into, with a depth buffer where asked.
struct Canvas {
  Texture colour;
  Texture depth;
  Framebuffer framebuffer;
  int width = 0, height = 0;

  /// Makes it width x height; does nothing where it already is.
  void resize(int new_width, int new_height, bool with_depth);
  void bind() const;
};

}  // namespace orrery

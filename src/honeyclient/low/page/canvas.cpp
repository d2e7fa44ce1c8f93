// A canvas on which nothing is painted. What a page draws is nobody's affair here; what it reads back may be data
// hidden in a picture, and is missing.
#include <js/experimental/TypedData.h>

#include "base/bytes.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// One transparent pixel.
constexpr std::string_view empty_picture =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

void draw(Call& call) {
  call.give();
}
void get_false(Call& call) {
  call.give(false);
}

JSObject* image_data(JSContext* cx, double wide_as, double high_as) {
  constexpr double longest = 4096;  // 64 MiB of pixels; the engine's heap is bounded besides
  const auto side = [](double given) { return given >= 1 && given <= longest ? static_cast<uint32_t>(given) : 1u; };
  const uint32_t width = side(wide_as), height = side(high_as);
  JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
  JS::RootedObject data(cx, must(JS_NewUint8ClampedArray(cx, size_t{4} * width * height)));
  must(JS_DefineProperty(cx, made, "data", data, JSPROP_ENUMERATE) &&
       JS_DefineProperty(cx, made, "width", width, JSPROP_ENUMERATE) &&
       JS_DefineProperty(cx, made, "height", height, JSPROP_ENUMERATE));
  return made;
}
void get_image_data(Call& call) {
  call.page.unemulated("canvas getImageData", true);
  call.give(image_data(call.cx, call.number(2), call.number(3)));
}
void create_image_data(Call& call) {
  call.give(image_data(call.cx, call.number(0), call.number(1)));
}
void measure(Call& call) {
  constexpr double letter = 5.56;  // of ten pixels' height, as sans-serif fonts have it
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  must(JS_DefineProperty(call.cx, made, "width", letter * static_cast<double>(call.text(0).size()), JSPROP_ENUMERATE));
  call.give(made);
}
void create_gradient(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  must(JS_DefineFunction(call.cx, made, "addColorStop", native<draw>, 2, JSPROP_ENUMERATE));
  call.give(made);
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("save", draw, 0),
                                      SHIKAKE_METHOD("restore", draw, 0),
                                      SHIKAKE_METHOD("scale", draw, 2),
                                      SHIKAKE_METHOD("rotate", draw, 1),
                                      SHIKAKE_METHOD("translate", draw, 2),
                                      SHIKAKE_METHOD("transform", draw, 6),
                                      SHIKAKE_METHOD("setTransform", draw, 0),
                                      SHIKAKE_METHOD("createLinearGradient", create_gradient, 4),
                                      SHIKAKE_METHOD("createRadialGradient", create_gradient, 6),
                                      SHIKAKE_METHOD("createPattern", create_gradient, 2),
                                      SHIKAKE_METHOD("clearRect", draw, 4),
                                      SHIKAKE_METHOD("fillRect", draw, 4),
                                      SHIKAKE_METHOD("strokeRect", draw, 4),
                                      SHIKAKE_METHOD("beginPath", draw, 0),
                                      SHIKAKE_METHOD("closePath", draw, 0),
                                      SHIKAKE_METHOD("moveTo", draw, 2),
                                      SHIKAKE_METHOD("lineTo", draw, 2),
                                      SHIKAKE_METHOD("quadraticCurveTo", draw, 4),
                                      SHIKAKE_METHOD("bezierCurveTo", draw, 6),
                                      SHIKAKE_METHOD("arc", draw, 5),
                                      SHIKAKE_METHOD("arcTo", draw, 5),
                                      SHIKAKE_METHOD("ellipse", draw, 7),
                                      SHIKAKE_METHOD("rect", draw, 4),
                                      SHIKAKE_METHOD("fill", draw, 0),
                                      SHIKAKE_METHOD("stroke", draw, 0),
                                      SHIKAKE_METHOD("clip", draw, 0),
                                      SHIKAKE_METHOD("isPointInPath", get_false, 2),
                                      SHIKAKE_METHOD("fillText", draw, 3),
                                      SHIKAKE_METHOD("strokeText", draw, 3),
                                      SHIKAKE_METHOD("measureText", measure, 1),
                                      SHIKAKE_METHOD("drawImage", draw, 3),
                                      SHIKAKE_METHOD("createImageData", create_image_data, 1),
                                      SHIKAKE_METHOD("getImageData", get_image_data, 4),
                                      SHIKAKE_METHOD("putImageData", draw, 3),
                                      SHIKAKE_METHOD("setLineDash", draw, 1),
                                      JS_FS_END};
constexpr Interface table[] = {{.name = "CanvasRenderingContext2D", .parent = "", .methods = methods}};

}  // namespace

void canvas_context(Call& call) {
  const std::u16string kind = lower(call.text(0));
  html::Element& canvas = call.self_element();
  // Without a graphics unit browsers have none of the others either.
  if (kind != u"2d") {
    call.page.unemulated("canvas " + utf8(kind));
    return call.give_null();
  }
  const std::string name = "canvas " + std::to_string(reinterpret_cast<uintptr_t>(&canvas));
  call.give(singleton(call.cx, call.window, name, [&] {
    JS::RootedObject made(call.cx, simple_object(call.cx, call.window, "CanvasRenderingContext2D"));
    JS::RootedObject owner(call.cx, wrap(call.cx, call.window, canvas));
    must(JS_DefineProperty(call.cx, made, "canvas", owner, JSPROP_ENUMERATE | JSPROP_READONLY));
    return made.get();
  }));
}
void canvas_data_url(Call& call) {
  call.give(std::string_view("data:image/png;base64," + std::string(empty_picture)));
}
// https://html.spec.whatwg.org/#dom-canvas-toblob
void canvas_blob(Call& call) {
  JS::RootedObject callback(call.cx, call.callable(0));
  if (!callback) call.type_error("parameter 1 is not a function.");
  auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, callback);
  call.page.post([&window = call.window, kept] {
    window.page.run_script(window, [&] {
      JSContext* cx = window.page.cx;
      JS::RootedValueArray<1> arguments(cx);
      arguments[0].setObject(*make_blob(cx, window, base::from_base64(empty_picture).value_or(""), "image/png"));
      JS::RootedValue function(cx, JS::ObjectValue(**kept)), ignored(cx);
      must(JS::Call(cx, JS::UndefinedHandleValue, function, arguments, &ignored));
    });
    window.loader->flush();
  });
  call.give();
}

std::span<const Interface> canvas_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page

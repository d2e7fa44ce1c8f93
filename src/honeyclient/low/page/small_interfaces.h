// Small interfaces: console, performance, crypto, media queries, canvas.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// An object of an interface that holds nothing.
JSObject* simple_object(JSContext* cx, Window& window, std::string_view interface);

void get_console(Call& call);
void get_performance(Call& call);
void get_crypto(Call& call);
void get_subtle(Call& call);  // subtle.cpp
void match_media(Call& call);  // media_query.cpp
void structured_clone(Call& call);
void canvas_context(Call& call);  // canvas.cpp
void canvas_data_url(Call& call);
void canvas_blob(Call& call);
void get_indexed_db(Call& call);  // missing.cpp
void define_web_assembly(JSContext* cx, Window& window);
void fetch_function(Call& call);     // fetch.cpp
void create_object_url(Call& call);  // body.cpp

}  // namespace shikake::honeyclient::low::page

// The interface tables, one function a file; interfaces.cpp joins them.
#pragma once

#include <span>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

std::span<const Interface> node_interfaces();          // node.cpp
std::span<const Interface> element_interfaces();       // element.cpp
std::span<const Interface> html_interfaces();          // html_elements.cpp
std::span<const Interface> form_interfaces();          // forms.cpp
std::span<const Interface> document_interfaces();      // document.cpp
std::span<const Interface> event_interfaces();         // event_objects.cpp
std::span<const Interface> window_interfaces();        // window_object.cpp
std::span<const Interface> location_interfaces();      // location.cpp
std::span<const Interface> navigator_interfaces();     // navigator.cpp
std::span<const Interface> collection_interfaces();    // collections.cpp
std::span<const Interface> request_interfaces();       // xhr.cpp
std::span<const Interface> fetch_interfaces();         // fetch.cpp
std::span<const Interface> body_interfaces();          // body.cpp
std::span<const Interface> url_interfaces();           // url_object.cpp
std::span<const Interface> storage_interfaces();       // storage.cpp
std::span<const Interface> style_interfaces();         // style.cpp
std::span<const Interface> small_interfaces();         // small_interfaces.cpp
std::span<const Interface> mutation_interfaces();      // mutation_observer.cpp
std::span<const Interface> component_interfaces();     // components.cpp
const Interface& remote_window_interface();            // remote_window.cpp
std::span<const Interface> exception_interfaces();     // exception.cpp
std::span<const Interface> worker_interfaces();        // workers.cpp
std::span<const Interface> worker_scope_interfaces();  // worker_scope.cpp
std::span<const Interface> port_interfaces();          // message_port.cpp
std::span<const Interface> reader_interfaces();        // file_reader.cpp
std::span<const Interface> enumerator_interfaces();    // enumerator.cpp
std::span<const Interface> socket_interfaces();        // sockets.cpp
std::span<const Interface> cross_interfaces();         // cross_request.cpp
std::span<const Interface> stream_interfaces();        // event_source.cpp
std::span<const Interface> canvas_interfaces();        // canvas.cpp
std::span<const Interface> missing_interfaces();       // missing.cpp
std::span<const Interface> clipboard_item_interfaces();  // clipboard_item.cpp
std::span<const Interface> subtle_interfaces();          // subtle.cpp
std::span<const Interface> shadow_interfaces();          // shadow_root.cpp
std::span<const Interface> custom_element_interfaces();  // custom_elements.cpp
std::span<const Interface> range_interfaces();           // range.cpp
std::span<const Interface> selection_interfaces();       // selection.cpp
std::span<const Interface> walker_interfaces();          // tree_walker.cpp
std::span<const Interface> readable_interfaces();        // streams.cpp
std::span<const Interface> sink_interfaces();            // sinks.cpp
std::span<const Interface> compression_interfaces();     // compression.cpp
std::span<const Interface> abort_interfaces();           // abort.cpp
std::span<const Interface> watcher_interfaces();         // watchers.cpp
std::span<const Interface> media_interfaces();           // media_query.cpp
std::span<const Interface> telling_interfaces();         // user_agent_data.cpp

}  // namespace shikake::honeyclient::low::page

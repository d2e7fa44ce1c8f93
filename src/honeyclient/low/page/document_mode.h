// The document mode of Internet Explorer 8 and later: the version whose ways a page asks for with a meta
// element X-UA-Compatible, or its server with a header of that name. It decides which markup, language and objects the page meets; headers, navigator
// and components stay the browser's own. Microsoft: "Specifying legacy document modes", "Defining document
// compatibility".
#pragma once

#include "honeyclient/low/persona.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

// 5 (quirks), 7, 8, 9, 10 or 11; 0: the page asks for none, or the browser knows none.
uint32_t asked_document_mode(const Persona& persona, const Document& document);

// Where the first document asks for a mode, the persona's version is that mode's from then on, for all
// windows of this process; markup is read as that version reads it. Quirks have the objects of version 7.
Start in_document_mode(Start start);

// What the persona's version was before.
uint32_t browser_version(const Persona& persona);
// What document.documentMode shows.
uint32_t document_mode(const Persona& persona);

}  // namespace shikake::honeyclient::low::page

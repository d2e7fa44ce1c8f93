// Markup and text that script puts into the tree: innerHTML, outerHTML, insertAdjacent….
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_inner_html(Call& call);
void set_inner_html(Call& call);
void get_outer_html(Call& call);
void set_outer_html(Call& call);
void get_inner_text(Call& call);
void set_inner_text(Call& call);
void insert_adjacent_html(Call& call);
void insert_adjacent_element(Call& call);
void insert_adjacent_text(Call& call);

}  // namespace shikake::honeyclient::low::page

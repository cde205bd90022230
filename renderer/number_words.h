#pragma once
#include <string>

#include "model/op.h"

namespace orrery {

/// A number in so many significant digits; infinite ones and NaN as number_text().
std::string short_number(double value, int digits = 3);

/// How a term comes from its values, in such numbers; `times` stands between the factors of a product.
std::string short_term(const Term& term, int digits, const char* times);

}  // namespace orrery

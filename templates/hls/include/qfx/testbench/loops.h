// Which loops the layers of a simulation run for their sums of products: see the end of qfx/multiply_accumulate.h.
#ifndef QFX_TESTBENCH_LOOPS_H
#define QFX_TESTBENCH_LOOPS_H

#include "qfx/multiply_accumulate.h"

namespace qfx {
namespace testbench {

#ifdef QFX_SIMULATED_SUMS
constexpr bool has_choice_of_loops = true;
inline void choose_loops(bool of_hardware) { hardware_loops() = of_hardware; }
#else
constexpr bool has_choice_of_loops = false;
inline void choose_loops(bool) {}
#endif

}  // namespace testbench
}  // namespace qfx

#endif

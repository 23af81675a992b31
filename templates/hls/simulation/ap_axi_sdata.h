// ap_axiu, the word of an AXI4-Stream, for C simulation. Works with these headers' ap_uint as with AMD's: AMD's open
// ap_types have no ap_axi_sdata.h. Only words without TUSER, TID and TDEST.
#ifndef QFX_SIMULATION_AP_AXI_SDATA_H
#define QFX_SIMULATION_AP_AXI_SDATA_H

#include <ap_int.h>

template <int DATA_BITS, int USER_BITS, int ID_BITS, int DEST_BITS>
struct ap_axiu {
  static_assert(USER_BITS == 0 && ID_BITS == 0 && DEST_BITS == 0, "only words without TUSER, TID and TDEST");
  ap_uint<DATA_BITS> data;
  ap_uint<(DATA_BITS + 7) / 8> keep;
  ap_uint<(DATA_BITS + 7) / 8> strb;
  ap_uint<1> last;
};

#endif

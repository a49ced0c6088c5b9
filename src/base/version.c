/* The version, and the fingerprint of the sources it was built from (cmake/build_id.cmake). */
#include "vouch/base.h"

#include "build_id.h"

const char *vouch_version(void) { return VOUCH__VERSION; }

const char *vouch_build_id(void) { return VOUCH__BUILD_ID; }

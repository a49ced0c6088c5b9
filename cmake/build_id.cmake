# Hash the names and contents of every source file, in sorted order.
file(GLOB_RECURSE paths RELATIVE ${ROOT} ${ROOT}/src/*.c ${ROOT}/src/*.h ${ROOT}/include/*.h ${ROOT}/policy/*.yaml
     ${ROOT}/controls/*.yaml ${ROOT}/legal/*.yaml ${ROOT}/suites/*.yaml)
list(SORT paths)
set(all "")
foreach(path ${paths})
  file(SHA256 ${ROOT}/${path} hash)
  string(APPEND all "${hash} ${path}\n")
endforeach()
string(SHA256 id "${all}")
file(WRITE ${OUT} "#define VOUCH__VERSION \"${VERSION}\"\n#define VOUCH__BUILD_ID \"${id}\"\n")

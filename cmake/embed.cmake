# Make a C file that holds policy/, controls/, legal/ and suites/ as byte arrays, found by name.
file(GLOB paths RELATIVE ${ROOT} ${ROOT}/policy/*.yaml ${ROOT}/controls/*.yaml ${ROOT}/legal/*.yaml ${ROOT}/suites/*.yaml)
list(SORT paths)
set(arrays "")
set(rows "")
set(i 0)
foreach(path ${paths})
  file(READ ${ROOT}/${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
         bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${i}[] = {\n${bytes}0x00};\n")
  string(APPEND rows "    { \"${path}\", (const char *)file_${i}, sizeof file_${i} - 1 },\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by cmake/embed.cmake. */\n#include \"base/embedded.h\"\n\n${arrays}\n"
  "const vouch__embedded vouch__embedded_files[] = {\n${rows}    { 0, 0, 0 },\n};\n")

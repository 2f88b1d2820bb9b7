# Compiles the files of a folder some at a time as one: what they include costs far more than they do. The preset
# `separate` turns it off, for the commands of single files that editors read (build/separate/compile_commands.json).
# Each file of tests has a namespace of its own, since their helpers have short names.
option(HAWSER_UNITY "Compile several files as one" ON)

# hawser_unity(<target> <size>): so many files of a folder at most.
function(hawser_unity target size)
  if(NOT HAWSER_UNITY)
    return()
  endif()
  get_target_property(files ${target} SOURCES)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(file ${files})
    cmake_path(GET file PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "${folder}" key)
    if(NOT DEFINED count_${key})
      set(count_${key} 0)
    endif()
    math(EXPR group "${count_${key}} / ${size}")
    math(EXPR count_${key} "${count_${key}} + 1")
    cmake_path(GET folder FILENAME name)
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${name}_${group})
  endforeach()
endfunction()

# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench and the load generators.
foreach(load IN ITEMS blkload netload charload)
	add_executable(
		${load} bench/load/gen/${load}.c bench/load/gen/latency.c bench/load/gen/mark.c
	)
	target_link_libraries(${load} PRIVATE vmmio_lib)
	vmmio_static(${load})
endforeach()
target_sources(netload PRIVATE bench/load/gen/netload_link.c bench/load/gen/netload_tap.c)

# vmmio-bench: a library, so that the unit tests link it too.
find_path(GSL_INCLUDE gsl/gsl_statistics.h)
if(NOT GSL_INCLUDE)
	message(FATAL_ERROR "vmmio-bench: package libgsl-dev is needed")
endif()

find_path(LIBDW_INCLUDE elfutils/libdw.h)
if(NOT LIBDW_INCLUDE)
	message(FATAL_ERROR "vmmio-bench: package libdw-dev is needed")
endif()

# QEMU's plugin for compare --where, one for each form of its interface (9.0 changed it).
# The symbols it calls are QEMU's.
foreach(form IN ITEMS 1 2)
	add_library(where-${form} MODULE bench/where/plugin.c)
	target_include_directories(where-${form} PRIVATE ${CMAKE_SOURCE_DIR}/include)
	target_compile_definitions(where-${form} PRIVATE VMMIO_PLUGIN_VERSION=${form})
	target_compile_options(
		where-${form} PRIVATE -Wall -Wextra -Wno-unused-parameter -fvisibility=hidden -O2
	)
	target_link_options(where-${form} PRIVATE -s)
	set_target_properties(
		where-${form} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/image
	)
endforeach()

add_library(
	vmmio_bench STATIC
	bench/cmd/setup.c
	bench/conform/rules.c
	bench/witness/witness.c
	bench/conform/trace.c
	bench/data/changes.c
	bench/data/csv.c
	bench/data/devside.c
	bench/data/factors.c
	bench/data/hostexits.c
	bench/data/layers.c
	bench/data/machine.c
	bench/data/result.c
	bench/data/rounds.c
	bench/data/rounds_series.c
	bench/data/series.c
	bench/data/stats.c
	bench/judge/ab.c
	bench/judge/ab_ci.c
	bench/judge/ab_print.c
	bench/judge/costs.c
	bench/judge/dims.c
	bench/judge/findings.c
	bench/judge/history.c
	bench/judge/history_ci.c
	bench/judge/history_print.c
	bench/judge/limits.c
	bench/judge/looks.c
	bench/judge/page.c
	bench/judge/page_factors.c
	bench/judge/sentence.c
	bench/judge/published.c
	bench/judge/table.c
	bench/judge/tables.c
	bench/judge/tune_choice.c
	bench/judge/verdict.c
	bench/judge/stack.c
	bench/judge/stack_layers.c
	bench/judge/stack_predict.c
	bench/judge/stack_stored.c
	bench/judge/versus_report.c
	bench/micro/out.c
	bench/load/blk.c
	bench/load/hosted.c
	bench/load/kinds.c
	bench/load/load.c
	bench/plot/ab.c
	bench/plot/curves.c
	bench/plot/data.c
	bench/plot/hist.c
	bench/plot/history.c
	bench/plot/micro.c
	bench/plot/plot.c
	bench/plot/stack.c
	bench/plot/sweep.c
	bench/sweep/experiment.c
	bench/sweep/plan.c
	bench/sweep/report.c
	bench/sweep/run.c
	bench/sweep/state.c
	bench/where/alike.c
	bench/where/delta.c
	bench/where/known.c
	bench/where/delta_print.c
	bench/where/functions.c
	bench/where/lines.c
	bench/where/path.c
	bench/where/program.c
	bench/where/script.c
	bench/where/symbols.c
	bench/where/tree.c
)
target_link_libraries(vmmio_bench PUBLIC vmmio_guest gsl gslcblas z m dw elf)
# the plot scripts and those of guests and hosts are part of the program (lib/embed.h)
file(GLOB plots CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/plot/gp/*.gp)
vmmio_embed(bench/plot/plot.c ${plots})
vmmio_embed(bench/load/load.c bench/load/round.sh)
vmmio_embed(bench/load/blk.c bench/load/disk.sh)
vmmio_embed(bench/load/hosted.c bench/load/hosted.sh)
vmmio_embed(bench/where/script.c bench/where/where.sh bench/where/wherehost.sh)
vmmio_embed(bench/judge/versus_report.c bench/judge/versus.sh)
vmmio_embed(bench/cmd/conform.c bench/cmd/conform.sh)
vmmio_embed(bench/sweep/run.c bench/sweep/lazy.sh)

find_package(Threads REQUIRED)
add_executable(
	vmmio-bench
	bench/cmd/bisect.c
	bench/cmd/bisect_tree.c
	bench/cmd/builds.c
	bench/cmd/child.c
	bench/cmd/compare.c
	bench/cmd/conform.c
	bench/cmd/diff.c
	bench/cmd/history.c
	bench/cmd/main.c
	bench/cmd/pairs.c
	bench/cmd/pairs_run.c
	bench/cmd/plot.c
	bench/cmd/predict.c
	bench/cmd/regress.c
	bench/cmd/report.c
	bench/cmd/sweep.c
	bench/cmd/tune.c
	bench/cmd/stack.c
	bench/cmd/versus.c
	bench/cmd/where.c
	bench/cmd/diff_where.c
	bench/cmd/witness.c
	bench/guest/pool.c
)
target_link_libraries(vmmio-bench PRIVATE vmmio_bench Threads::Threads)

foreach(name IN ITEMS bench_aa bench_ab bench_corrupt bench_devside bench_dims bench_history bench_loads bench_looks bench_page bench_published bench_tune bench_unseen bench_where bench_witness bench_stats bench_result bench_rounds stack versus)
	vmmio_unit_test(${name} LIBS vmmio_bench)
endforeach()
add_executable(benchstats tests/unit/benchstats.c)
target_include_directories(benchstats PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(benchstats PRIVATE vmmio_bench)
vmmio_script_test(unit tests/unit/independent.sh)
vmmio_script_test(unit tests/unit/bisect.sh)
vmmio_script_test(unit tests/unit/history.sh)
vmmio_script_test(guest tests/guest/compare.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/witness.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/compare_stack.sh TIMEOUT 700)
vmmio_script_test(guest tests/guest/hosted_sweep.sh TIMEOUT 700)
vmmio_script_test(guest tests/guest/bench_stop.sh TIMEOUT 120)
vmmio_script_test(guest tests/guest/bench_usage.sh TIMEOUT 300)
vmmio_script_test(guest tests/guest/sweep.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/loads.sh TIMEOUT 400)
vmmio_script_test(guest tests/guest/regress.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/bisect.sh TIMEOUT 300)
vmmio_script_test(guest tests/guest/conform.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/where.sh TIMEOUT 900)
vmmio_script_test(guest tests/guest/tune.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/versus.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/study.sh TIMEOUT 1800)
set_tests_properties(guest.study PROPERTIES FIXTURES_REQUIRED "image_arm64;stat_arm64") # arm.cmake

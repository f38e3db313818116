"""The reader of compiled programs that `benchmarks/gpu_compile.py` counts kernels with."""

import pytest

from benchmarks import hlo_kernels

pytestmark = pytest.mark.fast

TEXT = """HloModule jit_f, is_scheduled=true

%fused_add (param_0: f32[8]) -> f32[8] {
  %param_0 = f32[8]{0} parameter(0)
  ROOT %add.1 = f32[8]{0} add(%param_0, %param_0), metadata={op_name="jit(f)/game.mobs/add"}
}

%slots (arg: (s32[], f32[8])) -> (s32[], f32[8]) {
  %arg = (s32[], f32[8]{0}) parameter(0)
  %get.0 = f32[8]{0} get-tuple-element(%arg), index=1
  %moved = f32[8]{0} fusion(%get.0), kind=kLoop, calls=%fused_add, metadata={op_name="jit(f)/env.step/vmap(game.step)/vmap(game.mobs)/add"}
  ROOT %tuple = (s32[], f32[8]{0}) tuple(%get.0, %moved)
}

%pending (arg.1: (s32[], f32[8])) -> (s32[], f32[8]) {
  %arg.1 = (s32[], f32[8]{0}) parameter(0)
  %get.1 = f32[8]{0} get-tuple-element(%arg.1), index=1
  %copied = f32[8]{0} copy(%get.1)
  ROOT %tuple.1 = (s32[], f32[8]{0}) tuple(%get.1, %copied)
}

%step (arg.2: (s32[], f32[8])) -> (s32[], f32[8]) {
  %arg.2 = (s32[], f32[8]{0}) parameter(0)
  %both = (f32[8]{0}, s32[]) fusion(%arg.2), kind=kLoop, calls=%fused_add, metadata={op_name="jit(f)/agent.act/add"}
  %mobs = (s32[], f32[8]{0}) while(%arg.2), condition=%cond, body=%slots, metadata={op_name="jit(f)/vmap(game.mobs)/while"}, backend_config={"known_trip_count":{"n":"3"}}
  ROOT %resets = (s32[], f32[8]{0}) while(%mobs), condition=%cond, body=%pending, metadata={op_name="jit(f)/env.resets/while"}
}

ENTRY %main (x: f32[8]) -> f32[8] {
  %x = f32[8]{0} parameter(0)
  %start = f32[8]{0} copy(%x)
  %steps = (s32[], f32[8]{0}) while(%start), condition=%cond, body=%step, metadata={op_name="jit(f)/while"}, backend_config={"known_trip_count":{"n":"128"},"x":[1]}
  ROOT %out = f32[8]{0} get-tuple-element(%steps), index=1
}
"""


def test_kernels_are_counted_by_round_and_module_and_inner_loops_by_their_rounds():
    program = hlo_kernels.read(TEXT.splitlines(keepends=True))
    step = program.largest
    assert step.trips == 128
    assert step.kernels == {"agent.act": 1}
    assert step.by_module == {"agent.act": 1, "game.mobs": 3, hlo_kernels.NO_NAME: 1}
    assert step.total == 5
    assert program.total == 1 + 128 * 5


def test_a_loop_of_unknown_length_is_named():
    step = hlo_kernels.read(TEXT.splitlines()).largest
    assert step.unknown == ["env.resets"]
    known = TEXT.replace(
        'op_name="jit(f)/env.resets/while"}', 'op_name=""}, backend_config={"known_trip_count":{"n":"2"}}'
    )
    assert hlo_kernels.read(known.splitlines()).largest.unknown == []


def test_a_round_that_copies_a_whole_map_is_told():
    copied = "  %kept = u8[1024,20736]{1,0} copy(%get.2)\n  %small = f32[8]{0} copy(%get.3)\n  %both = "
    step = hlo_kernels.read(TEXT.replace("  %both = ", copied).splitlines()).largest
    assert step.large_copies == ["u8[1024,20736]"]
    assert step.total == 7

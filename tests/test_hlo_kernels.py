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


CUT = """HloModule jit_f, is_scheduled=true

%fused_cut (param_0: f32[100,8], param_1: bf16[8], param_2: s32[]) -> f32[8] {
  %param_0 = f32[100,8]{1,0} parameter(0)
  %param_1 = bf16[8]{0} parameter(1)
  %param_2 = s32[] parameter(2)
  %part = f32[1,8]{1,0} dynamic-slice(%param_0, %param_2, %param_2), dynamic_slice_sizes={1,8}
  %whole = f32[8]{0} convert(%param_1)
  %flat = f32[8]{0} bitcast(%part)
  ROOT %sum = f32[8]{0} add(%flat, %whole)
}

ENTRY %main (x: f32[100,8], y: bf16[8], i: s32[]) -> (f32[8], pred[16]) {
  %x = f32[100,8]{1,0} parameter(0)
  %y = bf16[8]{0} parameter(1)
  %i = s32[] parameter(2)
  %cut = f32[8]{0} fusion(%x, %y, %i), kind=kLoop, calls=%fused_cut, metadata={op_name="jit(f)/agent.act/add"}
  %both = (f32[8]{0}, pred[16]{0}) fusion(%cut), kind=kLoop, calls=%other, metadata={op_name="jit(f)/learner.loss/add"}
  ROOT %done = (f32[8]{0}, pred[16]{0}) tuple(%both)
}
"""


def test_bytes_that_move_are_those_of_results_and_operands_and_of_cut_arrays_the_cut():
    moved = hlo_kernels.read(CUT.splitlines()).moved_by_module
    assert moved == {"agent.act": 32 + 32 + 16 + 4, "learner.loss": 32 + 16 + 32}


def test_bytes_in_an_inner_loop_are_counted_by_its_rounds():
    step = hlo_kernels.read(TEXT.splitlines()).largest
    assert step.moved_by_module == {"agent.act": 36 + 36, "game.mobs": 3 * 64, hlo_kernels.NO_NAME: 64}

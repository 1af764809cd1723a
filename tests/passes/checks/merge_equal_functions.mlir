// RUN: merge-equal-functions
// Two sweeps that differ in their names only become one; what calls equal functions is equal then, too. One that adds
// instead of multiplying stays, and so does what others may call from outside.
// CHECK: func.func @run
// CHECK: func.call @scale_a
// CHECK-NEXT: func.call @scale_a
// CHECK-NEXT: func.call @shift_c
// CHECK-NEXT: func.call @outer_a
// CHECK-NEXT: func.call @outer_a
// CHECK: func.func private @scale_a
// CHECK-NOT: @scale_b
// CHECK: func.func private @shift_c
// CHECK: func.func private @outer_a
// CHECK-NOT: @outer_b
builtin.module {
  func.func @run(%a: memref<?xf64>, %b: memref<?xf64>, %k: f64) -> i64 {
    func.call @scale_a(%a, %k) : (memref<?xf64>, f64) -> ()
    func.call @scale_b(%b, %k) : (memref<?xf64>, f64) -> ()
    func.call @shift_c(%b, %k) : (memref<?xf64>, f64) -> ()
    func.call @outer_a(%a, %k) : (memref<?xf64>, f64) -> ()
    func.call @outer_b(%b, %k) : (memref<?xf64>, f64) -> ()
    %zero = arith.constant 0 : i64
    func.return %zero : i64
  }
  func.func private @scale_a(%v: memref<?xf64>, %f: f64) {
    %zero = arith.constant 0 : index
    %x = memref.load %v[%zero] : memref<?xf64>
    %y = arith.mulf %x, %f : f64
    memref.store %y, %v[%zero] : memref<?xf64>
    func.return
  }
  func.func private @scale_b(%w: memref<?xf64>, %g: f64) {
    %none = arith.constant 0 : index
    %p = memref.load %w[%none] : memref<?xf64>
    %q = arith.mulf %p, %g : f64
    memref.store %q, %w[%none] : memref<?xf64>
    func.return
  }
  func.func private @shift_c(%v: memref<?xf64>, %f: f64) {
    %zero = arith.constant 0 : index
    %x = memref.load %v[%zero] : memref<?xf64>
    %y = arith.addf %x, %f : f64
    memref.store %y, %v[%zero] : memref<?xf64>
    func.return
  }
  func.func private @outer_a(%v: memref<?xf64>, %f: f64) {
    func.call @scale_a(%v, %f) : (memref<?xf64>, f64) -> ()
    func.return
  }
  func.func private @outer_b(%v: memref<?xf64>, %f: f64) {
    func.call @scale_b(%v, %f) : (memref<?xf64>, f64) -> ()
    func.return
  }
}

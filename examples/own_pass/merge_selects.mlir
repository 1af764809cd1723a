// RUN: merge-selects,eliminate-dead-code

func.func @choices(%c: i1, %other: i1, %a: f64, %b: f64, %d: f64) -> (f64, f64) {
  %x = arith.select %c, %a, %b : f64
  %y = arith.select %c, %x, %d : f64
  %z = arith.select %other, %x, %d : f64
  func.return %y, %z : f64, f64
}

// CHECK: func.func @choices
// CHECK: %x = arith.select %c, %a, %b
// CHECK-NEXT: %y = arith.select %c, %a, %d
// CHECK-NEXT: %z = arith.select %other, %x, %d

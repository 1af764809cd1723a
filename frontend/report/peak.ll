; Twelve independent chains of fused multiplications and additions: as fast as this machine computes.
; The table holds the number of iterations; the sum goes into its second slot, so that nothing is left out.

declare <8 x double> @llvm.fma.v8f64(<8 x double>, <8 x double>, <8 x double>)

define i64 @ranvier_entry(ptr %table) #0 {
entry:
  %count = load i64, ptr %table
  %given = uitofp i64 %count to double
  %small = fmul double %given, 1.0e-12
  %one = insertelement <8 x double> poison, double %small, i32 0
  %factor = shufflevector <8 x double> %one, <8 x double> poison, <8 x i32> zeroinitializer
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %a0 = phi <8 x double> [ splat (double 1.0), %entry ], [ %b0, %loop ]
  %a1 = phi <8 x double> [ splat (double 2.0), %entry ], [ %b1, %loop ]
  %a2 = phi <8 x double> [ splat (double 3.0), %entry ], [ %b2, %loop ]
  %a3 = phi <8 x double> [ splat (double 4.0), %entry ], [ %b3, %loop ]
  %a4 = phi <8 x double> [ splat (double 5.0), %entry ], [ %b4, %loop ]
  %a5 = phi <8 x double> [ splat (double 6.0), %entry ], [ %b5, %loop ]
  %a6 = phi <8 x double> [ splat (double 7.0), %entry ], [ %b6, %loop ]
  %a7 = phi <8 x double> [ splat (double 8.0), %entry ], [ %b7, %loop ]
  %a8 = phi <8 x double> [ splat (double 9.0), %entry ], [ %b8, %loop ]
  %a9 = phi <8 x double> [ splat (double 10.0), %entry ], [ %b9, %loop ]
  %a10 = phi <8 x double> [ splat (double 11.0), %entry ], [ %b10, %loop ]
  %a11 = phi <8 x double> [ splat (double 12.0), %entry ], [ %b11, %loop ]
  %b0 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a0, <8 x double> %factor, <8 x double> %a0)
  %b1 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a1, <8 x double> %factor, <8 x double> %a1)
  %b2 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a2, <8 x double> %factor, <8 x double> %a2)
  %b3 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a3, <8 x double> %factor, <8 x double> %a3)
  %b4 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a4, <8 x double> %factor, <8 x double> %a4)
  %b5 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a5, <8 x double> %factor, <8 x double> %a5)
  %b6 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a6, <8 x double> %factor, <8 x double> %a6)
  %b7 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a7, <8 x double> %factor, <8 x double> %a7)
  %b8 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a8, <8 x double> %factor, <8 x double> %a8)
  %b9 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a9, <8 x double> %factor, <8 x double> %a9)
  %b10 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a10, <8 x double> %factor, <8 x double> %a10)
  %b11 = call <8 x double> @llvm.fma.v8f64(<8 x double> %a11, <8 x double> %factor, <8 x double> %a11)
  %next = add nuw i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  %s1 = fadd <8 x double> %b0, %b1
  %s2 = fadd <8 x double> %s1, %b2
  %s3 = fadd <8 x double> %s2, %b3
  %s4 = fadd <8 x double> %s3, %b4
  %s5 = fadd <8 x double> %s4, %b5
  %s6 = fadd <8 x double> %s5, %b6
  %s7 = fadd <8 x double> %s6, %b7
  %s8 = fadd <8 x double> %s7, %b8
  %s9 = fadd <8 x double> %s8, %b9
  %s10 = fadd <8 x double> %s9, %b10
  %s11 = fadd <8 x double> %s10, %b11
  %sum = extractelement <8 x double> %s11, i32 0
  %place = getelementptr i64, ptr %table, i64 1
  store double %sum, ptr %place
  ret i64 0
}

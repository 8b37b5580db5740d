(module
  (memory 1)
  ;; What is loaded into all lanes needs no shuffle behind the load.
  (func $splats (param $p i32) (result v128)
    (i8x16.add
      (i16x8.add (v128.load8_splat (local.get $p)) (v128.load16_splat offset=1 (local.get $p)))
      (i64x2.add (v128.load32_splat offset=4 (local.get $p)) (v128.load64_splat offset=8 (local.get $p)))))
  (func $lanes (param $x i32) (result v128)
    (v128.xor (i8x16.splat (local.get $x)) (i16x8.splat (local.get $x)))))

;; $splats
;;   b0:
;;     Entry => v5=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     VectorLoad { op: Pbroadcastb, imm: 0, memory: [memory + index+0] of memory 0 } v5 => v6
;;     VectorLoad { op: Pbroadcastw, imm: 0, memory: [memory + index+1] of memory 0 } v5 => v7
;;     Xmm { op: paddw, vex: true } v6 any:v7 => v1
;;     VectorLoad { op: Broadcastss, imm: 0, memory: [memory + index+4] of memory 0 } v5 => v3
;;     XmmUnaryLoad { op: movddup, vex: true, fresh: false, memory: [memory + index+8] of memory 0 } v5 => v4
;;     Xmm { op: paddq, vex: true } v3 any:v4 => v2
;;     Xmm { op: paddb, vex: true } v1 any:v2 => v0
;;     Return { number: 0, value: true } v0

;; $lanes
;;   b0:
;;     Entry => v3=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     IntToXmm(S32) any:v3 => v5
;;     Vector { op: Pbroadcastb, imm: 0 } any:v5 => v1
;;     IntToXmm(S32) any:v3 => v4
;;     Vector { op: Pbroadcastw, imm: 0 } any:v4 => v2
;;     Xmm { op: pxor, vex: true } v1 any:v2 => v0
;;     Return { number: 0, value: true } v0

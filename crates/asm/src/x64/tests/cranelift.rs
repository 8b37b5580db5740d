//! What the tables encode is, byte for byte, what `cranelift-assembler-x64` makes of the same operands, where it has the instruction
//! and there is one best encoding. Operands that are relative to the code, or have no base, are left to the decoder.

use std::num::NonZeroU8;

use cranelift_assembler_x64 as cranelift;
use cranelift_assembler_x64::{Amode, AmodeOffsetPlusKnownOffset, GprMem, NonRspGpr, TrapCode, XmmMem};

use super::cases::{Operands, all};
use super::operands::{IMMEDIATES, Operand, pairs};
use crate::x64::assembler::Assembler;
use crate::x64::mem::{Mem, NO_BASE, NO_INDEX};
use crate::x64::regs::Size;

/// Registers are numbers.
struct Numbers;

impl cranelift::Registers for Numbers {
    type ReadGpr = u8;
    type ReadWriteGpr = u8;
    type WriteGpr = u8;
    type ReadXmm = u8;
    type ReadWriteXmm = u8;
    type WriteXmm = u8;
}

fn amode(mem: Mem) -> Option<Amode<u8>> {
    let simm32 = mem.disp.into();
    if mem.base >= NO_BASE {
        return None;
    }
    Some(if mem.index == NO_INDEX {
        let simm32 = AmodeOffsetPlusKnownOffset { simm32, offset: None };
        Amode::ImmReg { base: mem.base, simm32, trap: None }
    } else {
        let scale = cranelift::Scale::new(mem.scale as u8);
        Amode::ImmRegRegShift { base: mem.base, index: NonRspGpr::new(mem.index), scale, simm32, trap: None }
    })
}

/// For each name its counterparts, one for each size. Operands are `r` and `t`, the numbers of registers, `m`, a general-purpose
/// register or memory, `v`, a vector register or memory, `a`, memory, `k`, a register in its place, `b`, a byte, and `imm`.
macro_rules! counterparts {
    (|$($local:ident),*| $($sizes:tt if $condition:tt => $args:tt { $($name:ident: $($counterpart:ident)*;)* })*) => {
        fn counterpart(name: &str, operands: Operands) -> Option<Vec<u8>> {
            counterparts! { @locals operands $($local)* }
            let mut out = Vec::new();
            $($(
                counterparts! { @lines $condition (name operands out) $name $sizes [$($counterpart)*] $args }
            )*)*
            None
        }
    };
    (@locals $operands:ident $r:ident $t:ident $m:ident $v:ident $a:ident $k:ident $b:ident $w:ident $imm:ident $small:ident $trap:ident) => {
        let Operands { reg: $r, rm, third: $t, imm: $imm, .. } = $operands;
        let ($m, $v, $a, $k) = match rm {
            Operand::Reg(number) => (GprMem::<u8, u8>::Gpr(number), XmmMem::<u8, u8>::Xmm(number), None, Some(number)),
            Operand::Mem(mem) => {
                let amode = amode(mem)?;
                (GprMem::Mem(amode), XmmMem::Mem(amode), Some(amode), None)
            }
        };
        let $b = $imm as u8;
        let $w = $b & 15;
        let $small = i8::try_from($imm).is_ok();
        let $trap = TrapCode(NonZeroU8::MIN);
    };
    (@lines $condition:tt $context:tt $name:ident [$($size:ident)*] [$($counterpart:ident)*] $args:tt) => {
        $(counterparts! { @line $condition $context $name $size $counterpart $args })*
    };
    (@line ($condition:expr) ($given:ident $operands:ident $out:ident) $name:ident $size:ident $counterpart:ident ($($arg:expr),*)) => {
        if $given == stringify!($name) && $operands.size == Size::$size && $condition {
            cranelift::inst::$counterpart::<Numbers>::new($($arg),*).encode(&mut $out);
            return Some($out);
        }
    };
}

counterparts! { |r, t, m, v, a, k, b, w, imm, small, trap|
    [S8 S16 S32 S64] if (true) => (m) {
        not: notb_m notw_m notl_m notq_m; neg: negb_m negw_m negl_m negq_m;
    }
    [S8] if (true) => (0, m) {
        mul: mulb_m; imul_wide: imulb_m;
    }
    [S16 S32 S64] if (true) => (0, 2, m) {
        mul: mulw_m mull_m mulq_m; imul_wide: imulw_m imull_m imulq_m;
    }
    [S8] if (true) => (0, m, trap) {
        div: divb_m; idiv: idivb_m;
    }
    [S16 S32 S64] if (true) => (0, 2, m, trap) {
        div: divw_m divl_m divq_m; idiv: idivw_m idivl_m idivq_m;
    }
    [S16 S32 S64] if (true) => (r, m) {
        imul: imulw_rm imull_rm imulq_rm; movzx_8: movzbw_rm movzbl_rm movzbq_rm;
        movsx_8: movsbw_rm movsbl_rm movsbq_rm; bsf: bsfw_rm bsfl_rm bsfq_rm; bsr: bsrw_rm bsrl_rm bsrq_rm;
    }
    [S16 S32 S64] if (true) => (m, r, b) {
        shld_imm: shldw_mri shldl_mri shldq_mri;
    }
    [S16 S32 S64] if (true) => (m, r, 1) {
        shld_cl: shldw_mrc shldl_mrc shldq_mrc;
    }
    [S8 S16 S32 S64] if (true) => (m, r) {
        test: testb_mr testw_mr testl_mr testq_mr;
    }
    [S8] if (true) => (m, b) {
        test_imm: testb_mi; add_imm: addb_mi; or_imm: orb_mi; adc_imm: adcb_mi; sbb_imm: sbbb_mi;
        and_imm: andb_mi; sub_imm: subb_mi; xor_imm: xorb_mi; cmp_imm: cmpb_mi;
    }
    [S16] if (true) => (m, imm as u16) {
        test_imm: testw_mi;
    }
    [S32 S64] if (true) => (m, imm) {
        test_imm: testl_mi testq_mi;
    }
    [S16 S32 S64] if (small) => (r, m, imm as i8) {
        imul_imm: imulw_rmi_sxb imull_rmi_sxb imulq_rmi_sxb;
    }
    [S16] if (!small) => (r, m, imm as u16) {
        imul_imm: imulw_rmi;
    }
    [S32 S64] if (!small) => (r, m, imm) {
        imul_imm: imull_rmi imulq_rmi_sxl;
    }
    [S8 S16 S32 S64] if (true) => (r, m) {
        mov: movb_rm movw_rm movl_rm movq_rm; add: addb_rm addw_rm addl_rm addq_rm;
        or: orb_rm orw_rm orl_rm orq_rm; adc: adcb_rm adcw_rm adcl_rm adcq_rm;
        sbb: sbbb_rm sbbw_rm sbbl_rm sbbq_rm; and: andb_rm andw_rm andl_rm andq_rm;
        sub: subb_rm subw_rm subl_rm subq_rm; xor: xorb_rm xorw_rm xorl_rm xorq_rm;
        cmp: cmpb_rm cmpw_rm cmpl_rm cmpq_rm;
    }
    [S8 S16 S32 S64] if (true) => (a?, r) {
        mov_mr: movb_mr movw_mr movl_mr movq_mr;
        lock_add: lock_addb_mr lock_addw_mr lock_addl_mr lock_addq_mr;
        lock_or: lock_orb_mr lock_orw_mr lock_orl_mr lock_orq_mr;
        lock_and: lock_andb_mr lock_andw_mr lock_andl_mr lock_andq_mr;
        lock_sub: lock_subb_mr lock_subw_mr lock_subl_mr lock_subq_mr;
        lock_xor: lock_xorb_mr lock_xorw_mr lock_xorl_mr lock_xorq_mr;
        lock_xadd: lock_xaddb_mr lock_xaddw_mr lock_xaddl_mr lock_xaddq_mr;
        add_mr: addb_mr addw_mr addl_mr addq_mr; or_mr: orb_mr orw_mr orl_mr orq_mr;
        adc_mr: adcb_mr adcw_mr adcl_mr adcq_mr; sbb_mr: sbbb_mr sbbw_mr sbbl_mr sbbq_mr;
        and_mr: andb_mr andw_mr andl_mr andq_mr; sub_mr: subb_mr subw_mr subl_mr subq_mr;
        xor_mr: xorb_mr xorw_mr xorl_mr xorq_mr; cmp_mr: cmpb_mr cmpw_mr cmpl_mr cmpq_mr;
    }
    [S8] if (true) => (a?, b) {
        mov_mi: movb_mi;
    }
    [S16] if (true) => (a?, imm as u16) {
        mov_mi: movw_mi;
    }
    [S32 S64] if (true) => (a?, imm) {
        mov_mi: movl_mi movq_mi_sxl;
    }
    [S16 S32 S64] if (true) => (r, a?) {
        lea: leaw_rm leal_rm leaq_rm;
    }
    [S32 S64] if (true) => (r, m) {
        movzx_16: movzwl_rm movzwq_rm; movsx_16: movswl_rm movswq_rm; popcnt: popcntl_rm popcntq_rm;
        tzcnt: tzcntl_a tzcntq_a; lzcnt: lzcntl_rm lzcntq_rm; blsr: blsrl_vm blsrq_vm;
        blsmsk: blsmskl_vm blsmskq_vm; blsi: blsil_vm blsiq_vm; cvtsi2ss: cvtsi2ssl_a cvtsi2ssq_a;
        cvtsi2sd: cvtsi2sdl_a cvtsi2sdq_a; movd: movd_a movq_a; vmovd: vmovd_a vmovq_a;
    }
    [S32] if (true) => (r, m) {
        movsxd: movslq_rm;
    }
    [S8 S16 S32 S64] if (true) => (a?, r, 0) {
        lock_cmpxchg: lock_cmpxchgb_mr lock_cmpxchgw_mr lock_cmpxchgl_mr lock_cmpxchgq_mr;
    }
    [S16 S32 S64] if (true) => (m, b) {
        bt_imm: btw_mi btl_mi btq_mi;
    }
    [S32 S64] if (true) => (r, m, t) {
        bzhi: bzhil_rmv bzhiq_rmv; shlx: shlxl_rmv shlxq_rmv; sarx: sarxl_rmv sarxq_rmv;
        shrx: shrxl_rmv shrxq_rmv;
    }
    [S32 S64] if (true) => (r, t, m) {
        andn: andnl_rvm andnq_rvm; vcvtsi2ss: vcvtsi2ssl_b vcvtsi2ssq_b;
        vcvtsi2sd: vcvtsi2sdl_b vcvtsi2sdq_b;
    }
    [S32 S64] if (true) => (r, m, b) {
        rorx: rorxl_rmi rorxq_rmi; pinsrd: pinsrd_a pinsrq_a;
    }
    [S32] if (true) => (r, v) {
        addps: addps_a; addpd: addpd_a; addss: addss_a; addsd: addsd_a; mulps: mulps_a; mulpd: mulpd_a;
        mulss: mulss_a; mulsd: mulsd_a; subps: subps_a; subpd: subpd_a; subss: subss_a; subsd: subsd_a;
        minps: minps_a; minpd: minpd_a; minss: minss_a; minsd: minsd_a; divps: divps_a; divpd: divpd_a;
        divss: divss_a; divsd: divsd_a; maxps: maxps_a; maxpd: maxpd_a; maxss: maxss_a; maxsd: maxsd_a;
        sqrtss: sqrtss_a; sqrtsd: sqrtsd_a; cvtsd2ss: cvtsd2ss_a; cvtss2sd: cvtss2sd_a; andps: andps_a;
        andpd: andpd_a; andnps: andnps_a; andnpd: andnpd_a; orps: orps_a; orpd: orpd_a; xorps: xorps_a;
        xorpd: xorpd_a; unpcklps: unpcklps_a; unpcklpd: unpcklpd_a; unpckhps: unpckhps_a; sqrtps: sqrtps_a;
        vsqrtps: vsqrtps_b; sqrtpd: sqrtpd_a; vsqrtpd: vsqrtpd_b; ucomiss: ucomiss_a; vucomiss: vucomiss_a;
        ucomisd: ucomisd_a; vucomisd: vucomisd_a; cvtps2pd: cvtps2pd_a; vcvtps2pd: vcvtps2pd_a;
        cvtpd2ps: cvtpd2ps_a; vcvtpd2ps: vcvtpd2ps_a; cvtdq2ps: cvtdq2ps_a; vcvtdq2ps: vcvtdq2ps_a;
        cvttps2dq: cvttps2dq_a; vcvttps2dq: vcvttps2dq_a; cvtdq2pd: cvtdq2pd_a; vcvtdq2pd: vcvtdq2pd_a;
        cvttpd2dq: cvttpd2dq_a; vcvttpd2dq: vcvttpd2dq_a; movaps: movaps_a; vmovaps: vmovaps_a;
        movapd: movapd_a; vmovapd: vmovapd_a; movups: movups_a; vmovups: vmovups_a; movupd: movupd_a;
        vmovupd: vmovupd_a; movddup: movddup_a; vmovddup: vmovddup_a; paddb: paddb_a; paddw: paddw_a;
        paddd: paddd_a; paddq: paddq_a; paddsb: paddsb_a; paddsw: paddsw_a; paddusb: paddusb_a;
        paddusw: paddusw_a; psubb: psubb_a; psubw: psubw_a; psubd: psubd_a; psubq: psubq_a;
        psubsb: psubsb_a; psubsw: psubsw_a; psubusb: psubusb_a; psubusw: psubusw_a; pmullw: pmullw_a;
        pmulhw: pmulhw_a; pmulhuw: pmulhuw_a; pmuludq: pmuludq_a; pmuldq: pmuldq_a; pmulld: pmulld_a;
        pmulhrsw: pmulhrsw_a; pmaddwd: pmaddwd_a; pmaddubsw: pmaddubsw_a; pavgb: pavgb_a; pavgw: pavgw_a;
        pminsb: pminsb_a; pminsw: pminsw_a; pminsd: pminsd_a; pminub: pminub_a; pminuw: pminuw_a;
        pminud: pminud_a; pmaxsb: pmaxsb_a; pmaxsw: pmaxsw_a; pmaxsd: pmaxsd_a; pmaxub: pmaxub_a;
        pmaxuw: pmaxuw_a; pmaxud: pmaxud_a; pcmpeqb: pcmpeqb_a; pcmpeqw: pcmpeqw_a; pcmpeqd: pcmpeqd_a;
        pcmpeqq: pcmpeqq_a; pcmpgtb: pcmpgtb_a; pcmpgtw: pcmpgtw_a; pcmpgtd: pcmpgtd_a; pcmpgtq: pcmpgtq_a;
        pand: pand_a; pandn: pandn_a; por: por_a; pxor: pxor_a; psllw: psllw_a; pslld: pslld_a;
        psllq: psllq_a; psrlw: psrlw_a; psrld: psrld_a; psrlq: psrlq_a; psraw: psraw_a; psrad: psrad_a;
        packsswb: packsswb_a; packssdw: packssdw_a; packuswb: packuswb_a; packusdw: packusdw_a;
        punpcklbw: punpcklbw_a; punpcklwd: punpcklwd_a; punpckldq: punpckldq_a; punpcklqdq: punpcklqdq_a;
        punpckhbw: punpckhbw_a; punpckhwd: punpckhwd_a; punpckhdq: punpckhdq_a; punpckhqdq: punpckhqdq_a;
        pshufb: pshufb_a; phaddw: phaddw_a; phaddd: phaddd_a; movdqa: movdqa_a; vmovdqa: vmovdqa_a;
        movdqu: movdqu_a; vmovdqu: vmovdqu_a; pabsb: pabsb_a; vpabsb: vpabsb_a; pabsw: pabsw_a;
        vpabsw: vpabsw_a; pabsd: pabsd_a; vpabsd: vpabsd_a; pmovsxbw: pmovsxbw_a; vpmovsxbw: vpmovsxbw_a;
        pmovsxbd: pmovsxbd_a; vpmovsxbd: vpmovsxbd_a; pmovsxwd: pmovsxwd_a; vpmovsxwd: vpmovsxwd_a;
        pmovsxdq: pmovsxdq_a; vpmovsxdq: vpmovsxdq_a; pmovzxbw: pmovzxbw_a; vpmovzxbw: vpmovzxbw_a;
        pmovzxbd: pmovzxbd_a; vpmovzxbd: vpmovzxbd_a; pmovzxwd: pmovzxwd_a; vpmovzxwd: vpmovzxwd_a;
        pmovzxdq: pmovzxdq_a; vpmovzxdq: vpmovzxdq_a; ptest: ptest_rm; vptest: vptest_rm;
        vpbroadcastb: vpbroadcastb_a; vpbroadcastw: vpbroadcastw_a; vpbroadcastd: vpbroadcastd_a;
        vpbroadcastq: vpbroadcastq_a;
    }
    [S32] if (true) => (r, t, v) {
        vaddps: vaddps_b; vaddpd: vaddpd_b; vaddss: vaddss_b; vaddsd: vaddsd_b; vmulps: vmulps_b;
        vmulpd: vmulpd_b; vmulss: vmulss_b; vmulsd: vmulsd_b; vsubps: vsubps_b; vsubpd: vsubpd_b;
        vsubss: vsubss_b; vsubsd: vsubsd_b; vminps: vminps_b; vminpd: vminpd_b; vminss: vminss_b;
        vminsd: vminsd_b; vdivps: vdivps_b; vdivpd: vdivpd_b; vdivss: vdivss_b; vdivsd: vdivsd_b;
        vmaxps: vmaxps_b; vmaxpd: vmaxpd_b; vmaxss: vmaxss_b; vmaxsd: vmaxsd_b; vsqrtss: vsqrtss_b;
        vsqrtsd: vsqrtsd_b; vcvtsd2ss: vcvtsd2ss_b; vcvtss2sd: vcvtss2sd_b; vandps: vandps_b;
        vandpd: vandpd_b; vandnps: vandnps_b; vandnpd: vandnpd_b; vorps: vorps_b; vorpd: vorpd_b;
        vxorps: vxorps_b; vxorpd: vxorpd_b; vunpcklps: vunpcklps_b; vunpcklpd: vunpcklpd_b;
        vunpckhps: vunpckhps_b; vfmadd213ps: vfmadd213ps_a; vfmadd231ps: vfmadd231ps_a;
        vfnmadd213ps: vfnmadd213ps_a; vfnmadd231ps: vfnmadd231ps_a; vfmadd213pd: vfmadd213pd_a;
        vfmadd231pd: vfmadd231pd_a; vfnmadd213pd: vfnmadd213pd_a; vfnmadd231pd: vfnmadd231pd_a;
        vpaddb: vpaddb_b; vpaddw: vpaddw_b; vpaddd: vpaddd_b; vpaddq: vpaddq_b; vpaddsb: vpaddsb_b;
        vpaddsw: vpaddsw_b; vpaddusb: vpaddusb_b; vpaddusw: vpaddusw_b; vpsubb: vpsubb_b; vpsubw: vpsubw_b;
        vpsubd: vpsubd_b; vpsubq: vpsubq_b; vpsubsb: vpsubsb_b; vpsubsw: vpsubsw_b; vpsubusb: vpsubusb_b;
        vpsubusw: vpsubusw_b; vpmullw: vpmullw_b; vpmulhw: vpmulhw_b; vpmulhuw: vpmulhuw_b;
        vpmuludq: vpmuludq_b; vpmuldq: vpmuldq_b; vpmulld: vpmulld_b; vpmulhrsw: vpmulhrsw_b;
        vpmaddwd: vpmaddwd_b; vpmaddubsw: vpmaddubsw_b; vpavgb: vpavgb_b; vpavgw: vpavgw_b;
        vpminsb: vpminsb_b; vpminsw: vpminsw_b; vpminsd: vpminsd_b; vpminub: vpminub_b; vpminuw: vpminuw_b;
        vpminud: vpminud_b; vpmaxsb: vpmaxsb_b; vpmaxsw: vpmaxsw_b; vpmaxsd: vpmaxsd_b; vpmaxub: vpmaxub_b;
        vpmaxuw: vpmaxuw_b; vpmaxud: vpmaxud_b; vpcmpeqb: vpcmpeqb_b; vpcmpeqw: vpcmpeqw_b;
        vpcmpeqd: vpcmpeqd_b; vpcmpeqq: vpcmpeqq_b; vpcmpgtb: vpcmpgtb_b; vpcmpgtw: vpcmpgtw_b;
        vpcmpgtd: vpcmpgtd_b; vpcmpgtq: vpcmpgtq_b; vpand: vpand_b; vpandn: vpandn_b; vpor: vpor_b;
        vpxor: vpxor_b; vpsllw: vpsllw_c; vpslld: vpslld_c; vpsllq: vpsllq_c; vpsrlw: vpsrlw_c;
        vpsrld: vpsrld_c; vpsrlq: vpsrlq_c; vpsraw: vpsraw_c; vpsrad: vpsrad_c; vpacksswb: vpacksswb_b;
        vpackssdw: vpackssdw_b; vpackuswb: vpackuswb_b; vpackusdw: vpackusdw_b; vpunpcklbw: vpunpcklbw_b;
        vpunpcklwd: vpunpcklwd_b; vpunpckldq: vpunpckldq_b; vpunpcklqdq: vpunpcklqdq_b;
        vpunpckhbw: vpunpckhbw_b; vpunpckhwd: vpunpckhwd_b; vpunpckhdq: vpunpckhdq_b;
        vpunpckhqdq: vpunpckhqdq_b; vpshufb: vpshufb_b; vphaddw: vphaddw_b; vphaddd: vphaddd_b;
    }
    [S32] if (true) => (r, v, b) {
        cmpps: cmpps_a; cmppd: cmppd_a; cmpss: cmpss_a; cmpsd: cmpsd_a; shufps: shufps_a; shufpd: shufpd_a;
        roundss: roundss_rmi; roundsd: roundsd_rmi; insertps: insertps_a; roundps: roundps_rmi;
        vroundps: vroundps_rmi; roundpd: roundpd_rmi; vroundpd: vroundpd_rmi; pshufd: pshufd_a;
        vpshufd: vpshufd_a; pshufhw: pshufhw_a; vpshufhw: vpshufhw_a; pshuflw: pshuflw_a;
        vpshuflw: vpshuflw_a; palignr: palignr_a; pblendw: pblendw_rmi;
    }
    [S32] if (true) => (r, t, v, b) {
        vcmpps: vcmpps_b; vcmppd: vcmppd_b; vcmpss: vcmpss_b; vcmpsd: vcmpsd_b; vshufps: vshufps_b;
        vshufpd: vshufpd_b; vroundss: vroundss_rvmi; vroundsd: vroundsd_rvmi; vinsertps: vinsertps_b;
        vpalignr: vpalignr_b; vpblendw: vpblendw_rvmi;
    }
    [S32 S64] if (true) => (r, v) {
        cvttss2si: cvttss2si_a cvttss2si_aq; vcvttss2si: vcvttss2si_a vcvttss2si_aq;
        cvttsd2si: cvttsd2si_a cvttsd2si_aq; vcvttsd2si: vcvttsd2si_a vcvttsd2si_aq;
        cvtss2si: cvtss2si_a cvtss2si_aq; vcvtss2si: vcvtss2si_a vcvtss2si_aq;
        cvtsd2si: cvtsd2si_a cvtsd2si_aq; vcvtsd2si: vcvtsd2si_a vcvtsd2si_aq;
    }
    [S32] if (true) => (r, k?) {
        movmskps: movmskps_rm; vmovmskps: vmovmskps_rm; movmskpd: movmskpd_rm; vmovmskpd: vmovmskpd_rm;
        movss_rr: movss_a_r; movsd_rr: movsd_a_r; movlhps: movlhps_rm; pmovmskb: pmovmskb_rm;
        vpmovmskb: vpmovmskb_rm;
    }
    [S32] if (true) => (r, a?) {
        movss: movss_a_m; vmovss: vmovss_d; movsd: movsd_a_m; vmovsd: vmovsd_d; movhps: movhps_a;
        vbroadcastss: vbroadcastss_a_m;
    }
    [S32] if (true) => (a?, r) {
        movss_mr: movss_c_m; vmovss_mr: vmovss_c_m; movsd_mr: movsd_c_m; vmovsd_mr: vmovsd_c_m;
        movaps_mr: movaps_b; vmovaps_mr: vmovaps_b; movapd_mr: movapd_b; vmovapd_mr: vmovapd_b;
        movups_mr: movups_b; vmovups_mr: vmovups_b; movupd_mr: movupd_b; vmovupd_mr: vmovupd_b;
        movdqa_mr: movdqa_b; vmovdqa_mr: vmovdqa_b; movdqu_mr: movdqu_b; vmovdqu_mr: vmovdqu_b;
    }
    [S32] if (true) => (r, t, k?) {
        vmovss_rr: vmovss_b; vmovsd_rr: vmovsd_b; vmovlhps: vmovlhps_rvm;
    }
    [S32] if (true) => (r, t, a?) {
        vmovhps: vmovhps_b;
    }
    [S32] if (true) => (r, v, 0) {
        blendvps: blendvps_rm0; blendvpd: blendvpd_rm0; pblendvb: pblendvb_rm;
    }
    [S32] if (true) => (r, t, v, w) {
        vblendvps: vblendvps_rvmr; vblendvpd: vblendvpd_rvmr; vpblendvb: vpblendvb_rvmr;
    }
    [S32] if (true) => (r, b) {
        psrlw_imm: psrlw_b; psraw_imm: psraw_b; psllw_imm: psllw_b; psrld_imm: psrld_b; psrad_imm: psrad_b;
        pslld_imm: pslld_b; psrlq_imm: psrlq_b; psllq_imm: psllq_b;
    }
    [S32] if (true) => (t, r, b) {
        vpsrlw_imm: vpsrlw_d; vpsraw_imm: vpsraw_d; vpsllw_imm: vpsllw_d; vpsrld_imm: vpsrld_d;
        vpsrad_imm: vpsrad_d; vpslld_imm: vpslld_d; vpsrlq_imm: vpsrlq_d; vpsllq_imm: vpsllq_d;
    }
    [S32 S64] if (true) => (m, r) {
        movd_rm: movd_b movq_b; vmovd_rm: vmovd_b vmovq_b;
    }
    [S32] if (true) => (m, r, b) {
        pextrb: pextrb_a; vpextrb: vpextrb_a; pextrw_rm: pextrw_b; vpextrw_rm: vpextrw_b;
    }
    [S32] if (true) => (r, k?, b) {
        pextrw: pextrw_a; vpextrw: vpextrw_a;
    }
    [S32 S64] if (true) => (m, r, b) {
        pextrd: pextrd_a pextrq_a; vpextrd: vpextrd_a vpextrq_a;
    }
    [S32] if (true) => (r, m, b) {
        pinsrb: pinsrb_a; pinsrw: pinsrw_a;
    }
    [S32] if (true) => (r, t, m, b) {
        vpinsrb: vpinsrb_b; vpinsrw: vpinsrw_b;
    }
    [S32 S64] if (true) => (r, t, m, b) {
        vpinsrd: vpinsrd_b vpinsrq_b;
    }
    [S16] if (!small) => (m, imm as u16) {
        add_imm: addw_mi; or_imm: orw_mi; adc_imm: adcw_mi; sbb_imm: sbbw_mi; and_imm: andw_mi;
        sub_imm: subw_mi; xor_imm: xorw_mi; cmp_imm: cmpw_mi;
    }
    [S32 S64] if (!small) => (m, imm) {
        add_imm: addl_mi addq_mi_sxl; or_imm: orl_mi orq_mi_sxl; adc_imm: adcl_mi adcq_mi_sxl;
        sbb_imm: sbbl_mi sbbq_mi_sxl; and_imm: andl_mi andq_mi_sxl; sub_imm: subl_mi subq_mi_sxl;
        xor_imm: xorl_mi xorq_mi_sxl; cmp_imm: cmpl_mi cmpq_mi;
    }
    [S32 S64] if (small) => (m, imm as i8) {
        add_imm: addl_mi_sxb addq_mi_sxb; or_imm: orl_mi_sxb orq_mi_sxb; adc_imm: adcl_mi_sxb adcq_mi_sxb;
        sbb_imm: sbbl_mi_sxb sbbq_mi_sxb; and_imm: andl_mi_sxb andq_mi_sxb;
        sub_imm: subl_mi_sxb subq_mi_sxb; xor_imm: xorl_mi_sxb xorq_mi_sxb;
    }
    [S16 S32 S64] if (small) => (m, imm as i8) {
        cmp_imm: cmpw_mi_sxb cmpl_mi_sxb cmpq_mi_sxb;
    }
    [S8 S16 S32 S64] if (b != 1) => (m, b) {
        rol_imm: rolb_mi rolw_mi roll_mi rolq_mi; ror_imm: rorb_mi rorw_mi rorl_mi rorq_mi;
        shl_imm: shlb_mi shlw_mi shll_mi shlq_mi; shr_imm: shrb_mi shrw_mi shrl_mi shrq_mi;
        sar_imm: sarb_mi sarw_mi sarl_mi sarq_mi;
    }
    [S8 S16 S32 S64] if (b == 1) => (m) {
        rol_imm: rolb_m1 rolw_m1 roll_m1 rolq_m1; ror_imm: rorb_m1 rorw_m1 rorl_m1 rorq_m1;
        shl_imm: shlb_m1 shlw_m1 shll_m1 shlq_m1; shr_imm: shrb_m1 shrw_m1 shrl_m1 shrq_m1;
        sar_imm: sarb_m1 sarw_m1 sarl_m1 sarq_m1;
    }
    [S8 S16 S32 S64] if (true) => (m, 1) {
        rol_cl: rolb_mc rolw_mc roll_mc rolq_mc; ror_cl: rorb_mc rorw_mc rorl_mc rorq_mc;
        shl_cl: shlb_mc shlw_mc shll_mc shlq_mc; shr_cl: shrb_mc shrw_mc shrl_mc shrq_mc;
        sar_cl: sarb_mc sarw_mc sarl_mc sarq_mc;
    }
    [S8 S16 S32 S64] if (true) => (r, a?) {
        xchg_mr: xchgb_rm xchgw_rm xchgl_rm xchgq_rm;
    }
}

/// What has no counterpart.
const WITHOUT: &[&str] = &[
    "inc",
    "dec",
    "shrd_imm",
    "shrd_cl",
    "xchg",
    "bts_imm",
    "btr_imm",
    "btc_imm",
    "bextr",
    "pdep",
    "pext",
    "haddps",
    "vhaddps",
    "haddpd",
    "vhaddpd",
    "unpckhpd",
    "vunpckhpd",
    "comiss",
    "vcomiss",
    "comisd",
    "vcomisd",
    "cvtps2dq",
    "vcvtps2dq",
    "cvtpd2dq",
    "vcvtpd2dq",
    "movsldup",
    "vmovsldup",
    "movshdup",
    "vmovshdup",
    "blendps",
    "vblendps",
    "blendpd",
    "vblendpd",
    "movlps_mr",
    "vmovlps_mr",
    "movhps_mr",
    "vmovhps_mr",
    "movhlps",
    "vmovhlps",
    "movlps",
    "vmovlps",
    "psadbw",
    "vpsadbw",
    "psignb",
    "vpsignb",
    "psignw",
    "vpsignw",
    "psignd",
    "vpsignd",
    "movq",
    "vmovq",
    "psrldq_imm",
    "vpsrldq_imm",
    "pslldq_imm",
    "vpslldq_imm",
    "movq_mr",
    "vmovq_mr",
];

#[test]
fn same_bytes() {
    let mut asm = Assembler::new();
    for case in all() {
        let mut compared = 0;
        for &size in case.sizes() {
            for (i, (reg, rm)) in pairs().into_iter().enumerate() {
                let third = ((i / 3 + 7 * i) % 16) as u8;
                let given = Operands { size, reg, rm, third, imm: IMMEDIATES[i % IMMEDIATES.len()] };
                let Some(mut expected) = counterpart(case.name, given) else { continue };
                if case.encode(&mut asm, given).is_none() {
                    continue;
                }
                let written = asm.buffer().written();
                // It counts some operands as bytes that are none and adds a REX without bits, which changes nothing.
                let longer = expected.len() == written.len() + 1;
                if let Some(i) =
                    (0..written.len()).find(|&i| longer && expected[i] == 0x40 && written[i] != 0x40)
                {
                    expected.remove(i);
                }
                assert_eq!(written, expected, "{} {given:?}", case.name);
                asm.clear();
                compared += 1;
            }
        }
        assert_eq!(compared < 100, WITHOUT.contains(&case.name), "{}: {compared} compared", case.name);
    }
}

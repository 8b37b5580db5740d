;; 7. A choice of many
;;
;; `br_table` takes a number and branches to the label at this position of its list. A number beyond
;; the list takes the last label. It is the `switch` of other languages: one step, however many
;; cases there are.
;;
;; run: upshift run --invoke days examples/wat/07-br-table.wat 2
;; expect: 28
;; run: upshift run --invoke days examples/wat/07-br-table.wat 4
;; expect: 30
;; run: upshift run --invoke days examples/wat/07-br-table.wat 12
;; expect: 31
;; run: upshift run --invoke days examples/wat/07-br-table.wat 13
;; expect: 0
;; run: upshift run --invoke days examples/wat/07-br-table.wat -1
;; expect: 0

(module
  ;; The days of a month in a common year; 0 if there is no such month.
  (func $days (export "days") (param $month i32) (result i32)
    ;; A branch goes to the end of its block, so the code of a case stands behind the block with the
    ;; name of the case. The innermost block holds nothing but the choice.
    (block $none
      (block $long
        (block $short
          (block $february
            (br_table
              $none ;; 0: months count from 1
              $long $february $long ;; January, February, March
              $short $long $short ;; April, May, June
              $long $long $short ;; July, August, September
              $long $short $long ;; October, November, December
              $none ;; all others, negative ones too: the number is read as unsigned
              (local.get $month)))
          (return (i32.const 28)))
        ;; Without the `return` a case would go on into the next one.
        (return (i32.const 30)))
      (return (i32.const 31)))
    (i32.const 0))
)

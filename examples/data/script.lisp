; Numbers of any size
(define (fact n) (if (< n 2) 1 (* n (fact (- n 1)))))
(fact 20)
(fact 60)
(/ (fact 61) (fact 60))
(- 0 (* (fact 25) (fact 25)))
(% (- 0 17) 5)
(+ 1 2.5 (* 0.5 3))
(root 2)
(list -3 -0.25 (- 1.5 4))

; Lists
(define (map f items) (if items (pair (f (head items)) (map f (tail items))) ()))
(define (fold f start items) (if items (fold f (f start (head items)) (tail items)) start))
(define (range from to) (if (< from to) (pair from (range (+ from 1) to)) ()))
(define (filter keep items)
  (if (not items) ()
    (if (keep (head items))
      (pair (head items) (filter keep (tail items)))
      (filter keep (tail items)))))
(map (lambda (n) (* n n)) (range 0 12))
(fold + 0 (range 0 250))
(sort (map (lambda (n) (% (* n 7919) 101)) (range 0 30)) <)
(sort '("pear" "apple" "Quince" "fig" "äpfel" "fig") (lambda (a b) (< b a)))
'(1 (2 "three" four) . 5)
(pair 1 (pair 2 3))
(length (range 0 200))

; Queens on a board of seven
(define (safe column rows distance)
  (if (not rows) 't
    (if (= (head rows) column) ()
      (if (= (head rows) (+ column distance)) ()
        (if (= (head rows) (- column distance)) ()
          (safe column (tail rows) (+ distance 1)))))))
(define (queens size rows placed)
  (if (= placed size) 1
    (fold + 0 (map (lambda (column)
      (if (safe column rows 1) (queens size (pair column rows) (+ placed 1)) 0))
      (range 0 size)))))
(queens 7 () 0)

; Closures and what they share
(define (counter)
  (let ((count 0))
    (lambda (by) (set count (+ count by)))))
(define one (counter))
(define two (counter))
(list (one 1) (one 10) (two 5) (one 100) (two 5))
(define (compose f g) (lambda (x) (f (g x))))
((fold compose (lambda (x) x) (map (lambda (n) (lambda (x) (+ (* x 10) n))) (range 1 10))) 0)
(((lambda (f) (lambda (n) ((f f) n)))
  (lambda (f) (lambda (n) (if (= n 0) 'done ((f f) (- n 1))))))
 100)

; A long way in tail position takes no stack
(define (count n sum) (if (= n 0) sum (count (- n 1) (+ sum n))))
(count 20000 0)
(define (even n) (if (= n 0) 't (odd (- n 1))))
(define (odd n) (if (= n 0) () (even (- n 1))))
(even 9999)

; Vectors: a sieve
(define (each from to act) (if (< from to) (do (act from) (each (+ from 1) to act)) ()))
(define (primes limit)
  (let ((marks (fill limit ())) (found (vector)))
    (do
      (each 2 limit (lambda (n)
        (if (at marks n) ()
          (do (push found n) (strike marks (* n n) n limit)))))
      found)))
(define (strike marks at step limit)
  (if (< at limit) (do (put marks at 't) (strike marks (+ at step) step limit)) ()))
(primes 100)
(length (primes 3000))

; Trees, most of which nobody needs any more
(define (tree depth) (if (= depth 0) () (pair (tree (- depth 1)) (tree (- depth 1)))))
(define (nodes tree) (if tree (+ 1 (nodes (head tree)) (nodes (tail tree))) 0))
(define (plant times sum) (if (= times 0) sum (plant (- times 1) (+ sum (nodes (tree 9))))))
(plant 20 0)

; Tables and texts
(define (tally words counts)
  (if words
    (do (put counts (head words) (+ 1 (get counts (head words) 0))) (tally (tail words) counts))
    counts))
(define counts (tally (words "the hare and the tortoise and the finish") (table)))
(map (lambda (word) (text word "=" (get counts word))) (keys counts))
(define memo (table))
(define (fib n)
  (if (< n 2) n
    (try (get memo n) (lambda (missing) (put memo n (+ (fib (- n 1)) (fib (- n 2))))))))
(fib 150)
(list (length memo) counts fib + (primes 20))
(upper (text "größe " 12 " " 'straße))
(text "snow ☃, and a clef " "𝄞")

; What goes wrong, far below its handler
(define (dig n) (if (= n 0) (throw (list 'gold 7)) (+ 1 (dig (- n 1)))))
(try (dig 200) (lambda (what) (text "found " what)))
(try (/ 1 0) (lambda (what) what))
(try (try (dig 10) (lambda (what) (throw (pair 'more what)))) (lambda (what) what))
(fold + 0 (map (lambda (n) (try (/ 100 (% n 3)) (lambda (what) -1))) (range 0 30)))
(sort (list 3 'x 1) <)
(at (vector 1 2 3) 3)
(dig 3)
(missing 1)
(1 2)
(fact)
((lambda (a b) a) 1)
(head ())
(% 5 0)
(get (table) "key")
(let ((a)) a)
)
(set nobody 1)
(define open (list "one" 2

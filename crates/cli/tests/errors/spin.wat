;; Goes on for ever.
(module (func (export "_start") (loop (br 0))))

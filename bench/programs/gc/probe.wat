;; The least that needs garbage collection: tells runtimes that have none from those that fail.
(module
  (type $point (struct (field i32)))
  (func (export "_start") (drop (struct.new $point (i32.const 1)))))

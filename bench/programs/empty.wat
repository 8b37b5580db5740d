;; Nothing: what starting and ending a process costs.
(module
  (func (export "_start"))
)

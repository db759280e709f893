(* mirage >= 4.9.0 & < 5.0.0 *)
open Mirage

let main = main "Unikernel" job ~packages:[ package "logs" ]
let () = register "hello" [ main ]

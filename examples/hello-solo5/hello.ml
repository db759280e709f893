let () = Printf.printf "Hello from OCaml %s on Solo5!\n%!" Sys.ocaml_version

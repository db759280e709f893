let () = Printf.printf "Hello from OCaml %s on Unikraft!\n%!" Sys.ocaml_version

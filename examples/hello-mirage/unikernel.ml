let start () =
  Logs.info (fun m -> m "Hello from MirageOS!");
  Lwt.return_unit

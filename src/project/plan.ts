import { planCommand } from './plans/command.js'
import { planDune } from './plans/dune.js'
import { planMirage } from './plans/mirage.js'
import { planOpam } from './plans/opam.js'
import type { BuildPlan, BuildRequest } from './plans/request.js'
import type { BuildSystem } from './project.js'

/** The commands that build a project, and what they need first. */
export function planBuild(request: BuildRequest): BuildPlan {
  return planners[request.project.buildSystem](request)
}

const planners: Readonly<Record<BuildSystem, (request: BuildRequest) => BuildPlan>> = {
  mirage: planMirage,
  dune: planDune,
  opam: planOpam,
  command: planCommand,
}

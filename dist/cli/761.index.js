export const id=761;export const ids=[761];export const modules={44893:module=>{module.exports=eval("require")("xmlbuilder2")},27180:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.chainI=function*(...e){for(const r of e)yield*r}},73837:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.isNotUndefined=function(e){return void 0!==e}},40094:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.SortableNumbers=r.SortableStringables=r.SortableComparables=r.SortableSet=r.compareObjectsSymbol=void 0,r.compareObjectsSymbol=Symbol("internal compare function");class SortableSet extends Set{sorted(){return Array.from(this).sort(this[r.compareObjectsSymbol])}compare(e){const i=e.sorted(),t=this.sorted();if(t.length!==i.length)return t.length-i.length;for(let e=t.length-1;e>=0;--e){const n=this[r.compareObjectsSymbol](t[e],i[e]);if(0!==n)return n}return 0}}r.SortableSet=SortableSet;class SortableComparables extends SortableSet{[r.compareObjectsSymbol](e,r){return e.constructor===r.constructor?e.compare(r):e.constructor.name.localeCompare(r.constructor.name)}}r.SortableComparables=SortableComparables;class SortableStringables extends SortableSet{[r.compareObjectsSymbol](e,r){return e.toString().localeCompare(r.toString())}}r.SortableStringables=SortableStringables;class SortableNumbers extends SortableSet{[r.compareObjectsSymbol](e,r){return e-r}}r.SortableNumbers=SortableNumbers},66698:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.treeIteratorSymbol=void 0,r.treeIteratorSymbol=Symbol("iterator of a tree/nesting-like structure")},72818:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.escapeUri=function(e){if(void 0===e)return e;for(const[r,t]of i)e=e.replace(r,t);return e};const i=[[/ /g,"%20"],[/"/g,"%22"],[/'/g,"%27"],[/\[/g,"%5B"],[/]/g,"%5D"],[/</g,"%3C"],[/>/g,"%3E"],[/\{/g,"%7B"],[/}/g,"%7D"]]},7391:(e,r,i)=>{const t=i(44893);if("function"!=typeof t.create)throw new Error("`create` is not a function");function n(e,r,i=null){if("element"!==r.type)return;const t=function(e){const r=(e.namespace??e.attributes?.xmlns)?.toString()??"";return r.length>0?r:null}(r)??i,o=e.ele(t,r.name,r.attributes);if(void 0===r.children);else if("string"==typeof r.children||"number"==typeof r.children)o.txt(r.children.toString());else for(const e of r.children)n(o,e,t)}r.A=function(e,{space:r}={}){const i=function(e){return"number"==typeof e?" ".repeat(Math.max(0,e)):"string"==typeof e?e:""}(r),o=(0,t.create)({encoding:"UTF-8"});return n(o,e),o.end({format:"xml",newline:"\n",prettyPrint:i.length>0,indent:i})}},71744:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.default=function(e,r){for(const[,e]of r)try{return e()}catch{}return function(e){const r=function(){throw new t.OptPlugError(e)};return r.fails=!0,Object.freeze(r)}(`No ${e} available.\nPlease install one of the optional dependencies: `+r.map(e=>e[0]).join(" || "))};const t=i(98835)},98835:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.OptPlugError=void 0;class OptPlugError extends Error{cause;constructor(e,r){super(e),this.cause=r}}r.OptPlugError=OptPlugError},38830:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__importDefault||function(e){return e&&e.__esModule?e:{default:e}};Object.defineProperty(r,"__esModule",{value:!0});const n=t(i(71744));r.default=(0,n.default)("XmlStringifier",[["xmlbuilder2",()=>i(7391).A]])},47866:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AttachmentEncoding=void 0,function(e){e.Base64="base64"}(i||(r.AttachmentEncoding=i={}))},91919:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ComponentScope=void 0,function(e){e.Required="required",e.Optional="optional",e.Excluded="excluded"}(i||(r.ComponentScope=i={}))},79915:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ComponentType=void 0,function(e){e.Application="application",e.Framework="framework",e.Library="library",e.Container="container",e.Platform="platform",e.OperatingSystem="operating-system",e.Device="device",e.DeviceDriver="device-driver",e.Firmware="firmware",e.File="file",e.MachineLearningModel="machine-learning-model",e.Data="data",e.CryptographicAsset="cryptographic-asset"}(i||(r.ComponentType=i={}))},86408:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ExternalReferenceType=void 0,function(e){e.VCS="vcs",e.IssueTracker="issue-tracker",e.Website="website",e.Advisories="advisories",e.BOM="bom",e.MailingList="mailing-list",e.Social="social",e.Chat="chat",e.Documentation="documentation",e.Support="support",e.SourceDistribution="source-distribution",e.Distribution="distribution",e.DistributionIntake="distribution-intake",e.License="license",e.BuildMeta="build-meta",e.BuildSystem="build-system",e.ReleaseNotes="release-notes",e.SecurityContact="security-contact",e.ModelCard="model-card",e.Log="log",e.Configuration="configuration",e.Evidence="evidence",e.Formulation="formulation",e.Attestation="attestation",e.ThreatModel="threat-model",e.AdversaryModel="adversary-model",e.RiskAssessment="risk-assessment",e.VulnerabilityAssertion="vulnerability-assertion",e.ExploitabilityStatement="exploitability-statement",e.PentestReport="pentest-report",e.StaticAnalysisReport="static-analysis-report",e.DynamicAnalysisReport="dynamic-analysis-report",e.RuntimeAnalysisReport="runtime-analysis-report",e.ComponentAnalysisReport="component-analysis-report",e.MaturityReport="maturity-report",e.CertificationReport="certification-report",e.CodifiedInfrastructure="codified-infrastructure",e.QualityMetrics="quality-metrics",e.POAM="poam",e.ElectronicSignature="electronic-signature",e.DigitalSignature="digital-signature",e.RFC9116="rfc-9116",e.Citation="citation",e.Patent="patent",e.PatentAssertion="patent-assertion",e.PatentFamily="patent-family",e.Other="other"}(i||(r.ExternalReferenceType=i={}))},12310:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.HashAlgorithm=void 0,function(e){e.MD5="MD5",e["SHA-1"]="SHA-1",e["SHA-256"]="SHA-256",e["SHA-384"]="SHA-384",e["SHA-512"]="SHA-512",e["SHA3-256"]="SHA3-256",e["SHA3-384"]="SHA3-384",e["SHA3-512"]="SHA3-512",e["BLAKE2b-256"]="BLAKE2b-256",e["BLAKE2b-384"]="BLAKE2b-384",e["BLAKE2b-512"]="BLAKE2b-512",e.BLAKE3="BLAKE3",e["Streebog-256"]="Streebog-256",e["Streebog-512"]="Streebog-512"}(i||(r.HashAlgorithm=i={}))},6820:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t,n=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),o=this&&this.__setModuleDefault||(Object.create?function(e,r){Object.defineProperty(e,"default",{enumerable:!0,value:r})}:function(e,r){e.default=r}),a=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||n(r,e,i)},s=this&&this.__importStar||(t=function(e){return t=Object.getOwnPropertyNames||function(e){var r=[];for(var i in e)Object.prototype.hasOwnProperty.call(e,i)&&(r[r.length]=i);return r},t(e)},function(e){if(e&&e.__esModule)return e;var r={};if(null!=e)for(var i=t(e),a=0;a<i.length;a++)"default"!==i[a]&&n(r,e,i[a]);return o(r,e),r});Object.defineProperty(r,"__esModule",{value:!0}),r.Vulnerability=void 0,a(i(47866),r),a(i(91919),r),a(i(79915),r),a(i(86408),r),a(i(12310),r),a(i(66399),r),a(i(10209),r),r.Vulnerability=s(i(60845))},66399:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.LicenseAcknowledgement=void 0,function(e){e.Declared="declared",e.Concluded="concluded"}(i||(r.LicenseAcknowledgement=i={}))},10209:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.LifecyclePhase=void 0,function(e){e.Design="design",e.PreBuild="pre-build",e.Build="build",e.PostBuild="post-build",e.Operations="operations",e.Discovery="discovery",e.Decommission="decommission"}(i||(r.LifecyclePhase=i={}))},86586:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AffectStatus=void 0,function(e){e.Affected="affected",e.Unaffected="unaffected",e.Unknown="unknown"}(i||(r.AffectStatus=i={}))},55177:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AnalysisJustification=void 0,function(e){e.CodeNotPresent="code_not_present",e.CodeNotReachable="code_not_reachable",e.RequiresConfiguration="requires_configuration",e.RequiresDependency="requires_dependency",e.RequiresEnvironment="requires_environment",e.ProtectedByCompiler="protected_by_compiler",e.ProtectedAtRuntime="protected_at_runtime",e.ProtectedAtPerimeter="protected_at_perimeter",e.ProtectedByMitigatingControl="protected_by_mitigating_control"}(i||(r.AnalysisJustification=i={}))},26824:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AnalysisResponseRepository=r.AnalysisResponse=void 0;const t=i(40094);var n;!function(e){e.CanNotFix="can_not_fix",e.WillNotFix="will_not_fix",e.Update="update",e.Rollback="rollback",e.WorkaroundAvailable="workaround_available"}(n||(r.AnalysisResponse=n={}));class AnalysisResponseRepository extends t.SortableStringables{}r.AnalysisResponseRepository=AnalysisResponseRepository},92834:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AnalysisState=void 0,function(e){e.Resolved="resolved",e.ResolvedWithPedigree="resolved_with_pedigree",e.Exploitable="exploitable",e.InTriage="in_triage",e.FalsePositive="false_positive",e.NotAffected="not_affected"}(i||(r.AnalysisState=i={}))},60845:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),n=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||t(r,e,i)};Object.defineProperty(r,"__esModule",{value:!0}),n(i(86586),r),n(i(55177),r),n(i(26824),r),n(i(92834),r),n(i(21369),r),n(i(66650),r)},21369:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.RatingMethod=void 0,function(e){e.CVSSv2="CVSSv2",e.CVSSv3="CVSSv3",e.CVSSv31="CVSSv31",e.CVSSv4="CVSSv4",e.OWASP="OWASP",e.SSVC="SSVC",e.Other="other"}(i||(r.RatingMethod=i={}))},66650:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Severity=void 0,function(e){e.Critical="critical",e.High="high",e.Medium="medium",e.Low="low",e.Info="info",e.None="none",e.Unknown="unknown"}(i||(r.Severity=i={}))},63159:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Attachment=void 0,r.Attachment=class Attachment{contentType;content;encoding;constructor(e,r={}){this.contentType=r.contentType,this.content=e,this.encoding=r.encoding}}},2266:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Bom=void 0;const t=i(36181),n=i(5663),o=i(81015),a=i(63547),s=i(17191);r.Bom=class Bom{metadata;components;services;vulnerabilities;#e=1;#r;constructor(e={}){this.metadata=e.metadata??new o.Metadata,this.components=e.components??new n.ComponentRepository,this.services=e.services??new a.ServiceRepository,this.version=e.version??this.version,this.vulnerabilities=e.vulnerabilities??new s.VulnerabilityRepository,this.serialNumber=e.serialNumber}get version(){return this.#e}set version(e){if(!(0,t.isPositiveInteger)(e))throw new TypeError("Not PositiveInteger");this.#e=e}get serialNumber(){return this.#r}set serialNumber(e){this.#r=""===e?void 0:e}}},47286:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.BomLinkElement=r.BomLinkDocument=void 0;class BomLinkBase{#i;constructor(e){this.value=e}get value(){return this.#i}set value(e){if(!this._isValid(e))throw new RangeError("invalid value");this.#i=e}compare(e){return this.toString().localeCompare(e.toString())}toString(){return this.value}}class BomLinkDocument extends BomLinkBase{static#t=/^urn:cdx:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\/[1-9][0-9]*$/;static isValid(e){return"string"==typeof e&&this.#t.test(e)}_isValid(e){return BomLinkDocument.isValid(e)}}r.BomLinkDocument=BomLinkDocument;class BomLinkElement extends BomLinkBase{static#t=/^urn:cdx:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\/[1-9][0-9]*#.+$/;static isValid(e){return"string"==typeof e&&this.#t.test(e)}_isValid(e){return BomLinkElement.isValid(e)}}r.BomLinkElement=BomLinkElement},97385:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.BomRefRepository=r.BomRef=void 0,r.BomRef=class BomRef{value;constructor(e){this.value=e}compare(e){return this.toString().localeCompare(e.toString())}toString(){return this.value??""}};class BomRefRepository extends Set{}r.BomRefRepository=BomRefRepository},5663:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ComponentEvidence=r.ComponentRepository=r.Component=void 0;const t=i(40094),n=i(66698),o=i(51013),a=i(97385),s=i(16985),c=i(91916),l=i(24810),p=i(27027),m=i(44799);r.Component=class Component{type;name;author;copyright;description;externalReferences;group;hashes;licenses;publisher;purl;scope;supplier;swid;version;components;properties;evidence;#n;#o;dependencies;constructor(e,r,i={}){this.#n=new a.BomRef(i.bomRef),this.type=e,this.name=r,this.supplier=i.supplier,this.author=i.author,this.copyright=i.copyright,this.externalReferences=i.externalReferences??new c.ExternalReferenceRepository,this.group=i.group,this.hashes=i.hashes??new l.HashDictionary,this.licenses=i.licenses??new p.LicenseRepository,this.publisher=i.publisher,this.purl=i.purl,this.scope=i.scope,this.swid=i.swid,this.version=i.version,this.description=i.description,this.components=i.components??new ComponentRepository,this.cpe=i.cpe,this.properties=i.properties??new m.PropertyRepository,this.evidence=i.evidence,this.dependencies=i.dependencies??new a.BomRefRepository}get bomRef(){return this.#n}get cpe(){return this.#o}set cpe(e){if(void 0!==e&&!(0,o.isCPE)(e))throw new TypeError("Not CPE nor undefined");this.#o=e}compare(e){const r=this.bomRef.compare(e.bomRef);return 0!==r?r:void 0!==this.purl&&void 0!==e.purl?this.purl.localeCompare(e.purl):void 0!==this.#o&&void 0!==e.#o?this.#o.localeCompare(e.#o):(this.group??"").localeCompare(e.group??"")||this.name.localeCompare(e.name)||(this.version??"").localeCompare(e.version??"")}};class ComponentRepository extends t.SortableComparables{*[n.treeIteratorSymbol](){for(const e of this)yield e,yield*e.components[n.treeIteratorSymbol]()}}r.ComponentRepository=ComponentRepository,r.ComponentEvidence=class ComponentEvidence{licenses;copyright;constructor(e={}){this.licenses=e.licenses??new p.LicenseRepository,this.copyright=e.copyright??new s.CopyrightRepository}}},16985:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.CopyrightRepository=void 0;const t=i(40094);class CopyrightRepository extends t.SortableStringables{}r.CopyrightRepository=CopyrightRepository},91916:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ExternalReferenceRepository=r.ExternalReference=void 0;const t=i(40094),n=i(24810);r.ExternalReference=class ExternalReference{url;type;hashes;comment;constructor(e,r,i={}){this.url=e,this.type=r,this.hashes=i.hashes??new n.HashDictionary,this.comment=i.comment}compare(e){return this.type.localeCompare(e.type)||this.url.toString().localeCompare(e.url.toString())}};class ExternalReferenceRepository extends t.SortableComparables{}r.ExternalReferenceRepository=ExternalReferenceRepository},24810:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.HashDictionary=void 0;class HashDictionary extends Map{static#a([e,r],[i,t]){return e.localeCompare(i)||r.localeCompare(t)}sorted(){return Array.from(this.entries()).sort(HashDictionary.#a)}}r.HashDictionary=HashDictionary},50320:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t,n=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),o=this&&this.__setModuleDefault||(Object.create?function(e,r){Object.defineProperty(e,"default",{enumerable:!0,value:r})}:function(e,r){e.default=r}),a=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||n(r,e,i)},s=this&&this.__importStar||(t=function(e){return t=Object.getOwnPropertyNames||function(e){var r=[];for(var i in e)Object.prototype.hasOwnProperty.call(e,i)&&(r[r.length]=i);return r},t(e)},function(e){if(e&&e.__esModule)return e;var r={};if(null!=e)for(var i=t(e),a=0;a<i.length;a++)"default"!==i[a]&&n(r,e,i[a]);return o(r,e),r});Object.defineProperty(r,"__esModule",{value:!0}),r.Vulnerability=void 0,a(i(63159),r),a(i(2266),r),a(i(47286),r),a(i(97385),r),a(i(5663),r),a(i(16985),r),a(i(91916),r),a(i(24810),r),a(i(27027),r),a(i(604),r),a(i(81015),r),a(i(50330),r),a(i(39047),r),a(i(44799),r),a(i(63547),r),a(i(74501),r),a(i(28468),r),r.Vulnerability=s(i(46105))},27027:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.LicenseRepository=r.SpdxLicense=r.NamedLicense=r.LicenseExpression=void 0;const t=i(44799);r.LicenseExpression=class LicenseExpression{#s;acknowledgement;constructor(e){this.expression=e}get expression(){return this.#s}set expression(e){if(""===e)throw new RangeError("value is empty string");this.#s=e}compare(e){return this.#s.localeCompare(e.#s)}};class DisjunctiveLicenseBase{acknowledgement;text;#c;properties;constructor(e={}){this.acknowledgement=e.acknowledgement,this.text=e.text,this.url=e.url,this.properties=e.properties??new t.PropertyRepository}get url(){return this.#c}set url(e){this.#c=""===e?void 0:e}}r.NamedLicense=class NamedLicense extends DisjunctiveLicenseBase{name;constructor(e,r={}){super(r),this.name=e}compare(e){return this.name.localeCompare(e.name)}},r.SpdxLicense=class SpdxLicense extends DisjunctiveLicenseBase{#l;constructor(e,r={}){super(r),this.id=e}get id(){return this.#l}set id(e){if(""===e)throw new RangeError("value is empty string");this.#l=e}compare(e){return this.#l.localeCompare(e.#l)}};class LicenseRepository extends Set{static#a(e,r){return e.constructor===r.constructor?e.compare(r):e.constructor.name.localeCompare(r.constructor.name)}sorted(){return Array.from(this).sort(LicenseRepository.#a)}}r.LicenseRepository=LicenseRepository},604:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.LifecycleRepository=r.NamedLifecycle=void 0;class NamedLifecycle{name;description;constructor(e,r={}){this.name=e,this.description=r.description}compare(e){return this.name.localeCompare(e.name)}}r.NamedLifecycle=NamedLifecycle;class LifecycleRepository extends Set{static#a(e,r){return e.constructor===r.constructor?e instanceof NamedLifecycle?e.compare(r):e.localeCompare(r):e.constructor.name.localeCompare(r.constructor.name)}sorted(){return Array.from(this).sort(LifecycleRepository.#a)}}r.LifecycleRepository=LifecycleRepository},81015:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Metadata=void 0;const t=i(27027),n=i(604),o=i(50330),a=i(44799),s=i(28468);r.Metadata=class Metadata{timestamp;lifecycles;tools;authors;component;manufacture;supplier;licenses;properties;constructor(e={}){this.timestamp=e.timestamp,this.lifecycles=e.lifecycles??new n.LifecycleRepository,this.tools=e.tools??new s.Tools,this.authors=e.authors??new o.OrganizationalContactRepository,this.component=e.component,this.manufacture=e.manufacture,this.supplier=e.supplier,this.licenses=e.licenses??new t.LicenseRepository,this.properties=e.properties??new a.PropertyRepository}}},50330:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.OrganizationalContactRepository=r.OrganizationalContact=void 0;const t=i(40094);r.OrganizationalContact=class OrganizationalContact{name;email;phone;constructor(e={}){this.name=e.name,this.email=e.email,this.phone=e.phone}compare(e){return(this.name??"").localeCompare(e.name??"")||(this.email??"").localeCompare(e.email??"")||(this.phone??"").localeCompare(e.phone??"")}};class OrganizationalContactRepository extends t.SortableComparables{}r.OrganizationalContactRepository=OrganizationalContactRepository},39047:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.OrganizationalEntityRepository=r.OrganizationalEntity=void 0;const t=i(40094),n=i(50330);r.OrganizationalEntity=class OrganizationalEntity{name;url;contact;constructor(e={}){this.name=e.name,this.url=e.url??new Set,this.contact=e.contact??new n.OrganizationalContactRepository}compare(e){return(this.name??"").localeCompare(e.name??"")||this.contact.compare(e.contact)||new t.SortableStringables(this.url).compare(new t.SortableStringables(e.url))}};class OrganizationalEntityRepository extends t.SortableComparables{}r.OrganizationalEntityRepository=OrganizationalEntityRepository},44799:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.PropertyRepository=r.Property=void 0;const t=i(40094);r.Property=class Property{name;value;constructor(e,r){this.name=e,this.value=r}compare(e){return this.name.localeCompare(e.name)||this.value.localeCompare(e.value)}};class PropertyRepository extends t.SortableComparables{}r.PropertyRepository=PropertyRepository},63547:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ServiceRepository=r.Service=void 0;const t=i(40094),n=i(66698),o=i(97385),a=i(91916),s=i(27027),c=i(44799);r.Service=class Service{provider;group;name;version;description;licenses;externalReferences;services;properties;#n;dependencies;constructor(e,r={}){this.#n=new o.BomRef(r.bomRef),this.provider=r.provider,this.group=r.group,this.name=e,this.version=r.version,this.description=r.description,this.licenses=r.licenses??new s.LicenseRepository,this.externalReferences=r.externalReferences??new a.ExternalReferenceRepository,this.services=r.services??new ServiceRepository,this.properties=r.properties??new c.PropertyRepository,this.dependencies=r.dependencies??new o.BomRefRepository}get bomRef(){return this.#n}compare(e){const r=this.bomRef.compare(e.bomRef);return 0!==r?r:(this.group??"").localeCompare(e.group??"")||this.name.localeCompare(e.name)||(this.version??"").localeCompare(e.version??"")}};class ServiceRepository extends t.SortableComparables{*[n.treeIteratorSymbol](){for(const e of this)yield e,yield*e.services[n.treeIteratorSymbol]()}}r.ServiceRepository=ServiceRepository},74501:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.SWID=void 0;const t=i(36181);r.SWID=class SWID{tagId;name;version;patch;text;url;#p;constructor(e,r,i={}){this.tagId=e,this.name=r,this.version=i.version,this.patch=i.patch,this.text=i.text,this.url=i.url,this.tagVersion=i.tagVersion}get tagVersion(){return this.#p}set tagVersion(e){if(void 0!==e&&!(0,t.isNonNegativeInteger)(e))throw new TypeError("Not NonNegativeInteger nor undefined");this.#p=e}}},28468:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Tools=r.ToolRepository=r.Tool=void 0;const t=i(40094),n=i(5663),o=i(91916),a=i(24810),s=i(63547);class Tool{vendor;name;version;hashes;externalReferences;constructor(e={}){this.vendor=e.vendor,this.name=e.name,this.version=e.version,this.hashes=e.hashes??new a.HashDictionary,this.externalReferences=e.externalReferences??new o.ExternalReferenceRepository}compare(e){return(this.vendor??"").localeCompare(e.vendor??"")||(this.name??"").localeCompare(e.name??"")||(this.version??"").localeCompare(e.version??"")}static fromComponent(e){return new Tool({vendor:e.group,name:e.name,version:e.version,hashes:e.hashes,externalReferences:e.externalReferences})}static fromService(e){return new Tool({vendor:e.group,name:e.name,version:e.version,externalReferences:e.externalReferences})}}r.Tool=Tool;class ToolRepository extends t.SortableComparables{}r.ToolRepository=ToolRepository,r.Tools=class Tools{components;services;tools;constructor(e={}){this.components=e.components??new n.ComponentRepository,this.services=e.services??new s.ServiceRepository,this.tools=e.tools??new ToolRepository}get size(){return this.components.size+this.services.size+this.tools.size}}},4102:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AdvisoryRepository=r.Advisory=void 0;const t=i(40094);r.Advisory=class Advisory{title;url;constructor(e,r={}){this.url=e,this.title=r.title}compare(e){return this.url.toString().localeCompare(e.url.toString())||(this.title??"").localeCompare(e.title??"")}};class AdvisoryRepository extends t.SortableComparables{}r.AdvisoryRepository=AdvisoryRepository},78616:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.AffectedVersionRepository=r.AffectedVersionRange=r.AffectedSingleVersion=r.AffectRepository=r.Affect=void 0;const t=i(40094);r.Affect=class Affect{ref;versions;constructor(e,r={}){this.ref=e,this.versions=r.versions??new AffectedVersionRepository}compare(e){return this.ref.compare(e.ref)||this.versions.compare(e.versions)}};class AffectRepository extends t.SortableComparables{}r.AffectRepository=AffectRepository,r.AffectedSingleVersion=class AffectedSingleVersion{version;status;constructor(e,r={}){this.version=e,this.status=r.status}compare(e){return this.version.localeCompare(e.version)||(this.status??"").localeCompare(e.status??"")}},r.AffectedVersionRange=class AffectedVersionRange{range;status;constructor(e,r={}){this.range=e,this.status=r.status}compare(e){return this.range.localeCompare(e.range)||(this.status??"").localeCompare(e.status??"")}};class AffectedVersionRepository extends t.SortableComparables{}r.AffectedVersionRepository=AffectedVersionRepository},80631:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Analysis=void 0;const t=i(26824);r.Analysis=class Analysis{state;justification;response;detail;constructor(e={}){this.state=e.state,this.justification=e.justification,this.response=e.response??new t.AnalysisResponseRepository,this.detail=e.detail}}},93747:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Credits=void 0;const t=i(50330),n=i(39047);r.Credits=class Credits{organizations;individuals;constructor(e={}){this.organizations=e.organizations??new n.OrganizationalEntityRepository,this.individuals=e.individuals??new t.OrganizationalContactRepository}}},46105:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),n=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||t(r,e,i)};Object.defineProperty(r,"__esModule",{value:!0}),n(i(4102),r),n(i(78616),r),n(i(80631),r),n(i(93747),r),n(i(51264),r),n(i(73204),r),n(i(78284),r),n(i(17191),r)},51264:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.RatingRepository=r.Rating=void 0;const t=i(40094);r.Rating=class Rating{source;score;severity;method;vector;justification;constructor(e={}){this.source=e.source,this.score=e.score,this.severity=e.severity,this.method=e.method,this.vector=e.vector,this.justification=e.justification}compare(e){return(this.score??0)-(e.score??0)||(this.vector??"").localeCompare(e.vector??"")||(this.justification??"").localeCompare(e.justification??"")||(this.severity??"").localeCompare(e.severity??"")||(this.method??"").localeCompare(e.method??"")||(this.source&&e.source?this.source.compare(e.source):0)}};class RatingRepository extends t.SortableComparables{}r.RatingRepository=RatingRepository},73204:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.ReferenceRepository=r.Reference=void 0;const t=i(40094);r.Reference=class Reference{id;source;constructor(e,r){this.id=e,this.source=r}compare(e){return this.id.localeCompare(e.id)||this.source.compare(e.source)}};class ReferenceRepository extends t.SortableComparables{}r.ReferenceRepository=ReferenceRepository},78284:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Source=void 0,r.Source=class Source{name;url;constructor(e={}){this.name=e.name,this.url=e.url}compare(e){return(this.url?.toString()??"").localeCompare(e.url?.toString()??"")||(this.name??"").localeCompare(e.name??"")}}},17191:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.VulnerabilityRepository=r.Vulnerability=void 0;const t=i(40094),n=i(43198),o=i(97385),a=i(44799),s=i(28468),c=i(4102),l=i(78616),p=i(51264),m=i(73204);r.Vulnerability=class Vulnerability{#n;id;source;references;ratings;cwes;description;detail;recommendation;advisories;created;published;updated;credits;tools;analysis;affects;properties;constructor(e={}){this.#n=new o.BomRef(e.bomRef),this.id=e.id,this.source=e.source,this.references=e.references??new m.ReferenceRepository,this.ratings=e.ratings??new p.RatingRepository,this.cwes=e.cwes??new n.CweRepository,this.description=e.description,this.detail=e.detail,this.recommendation=e.recommendation,this.advisories=e.advisories??new c.AdvisoryRepository,this.created=e.created,this.published=e.published,this.updated=e.updated,this.credits=e.credits,this.tools=e.tools??new s.Tools,this.analysis=e.analysis,this.affects=e.affects??new l.AffectRepository,this.properties=e.properties??new a.PropertyRepository}get bomRef(){return this.#n}compare(e){const r=this.bomRef.compare(e.bomRef);return 0!==r?r:(this.id??"").localeCompare(e.id??"")||(this.created?.getTime()??0)-(e.created?.getTime()??0)||(this.published?.getTime()??0)-(e.published?.getTime()??0)||(this.updated?.getTime()??0)-(e.updated?.getTime()??0)||this.ratings.compare(e.ratings)||this.cwes.compare(e.cwes)||(this.description??"").localeCompare(e.description??"")||(this.detail??"").localeCompare(e.detail??"")||(this.recommendation??"").localeCompare(e.recommendation??"")||(this.source&&e.source?this.source.compare(e.source):0)||this.properties.compare(e.properties)}};class VulnerabilityRepository extends t.SortableComparables{}r.VulnerabilityRepository=VulnerabilityRepository},39983:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.BaseSerializer=void 0;const t=i(66698),n=i(81637);r.BaseSerializer=class BaseSerializer{*#m(e){if(void 0!==e.metadata.component){yield e.metadata.component.bomRef;for(const{bomRef:r}of e.metadata.component.components[t.treeIteratorSymbol]())yield r}for(const{bomRef:r}of e.components[t.treeIteratorSymbol]())yield r;for(const{bomRef:r}of e.services[t.treeIteratorSymbol]())yield r;for(const{bomRef:r}of e.vulnerabilities)yield r}#u(e,r){const i=new n.BomRefDiscriminator(this.#m(e));i.discriminate();try{return this._normalize(e,r)}finally{i.reset()}}serialize(e,r){return this._serialize(this.#u(e,r),r)}}},81637:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.BomRefDiscriminator=void 0;class BomRefDiscriminator{#d;#L;constructor(e,r="BomRef"){this.#d=Array.from(e,e=>[e,e.value]),this.#L=r}get prefix(){return this.#L}*[Symbol.iterator](){for(const[e]of this.#d)yield e}discriminate(){const e=new Set([""]);for(const[r]of this.#d){let i=r.value;(void 0===i||e.has(i))&&(i=this.#y(),r.value=i),e.add(i)}}reset(){for(const[e,r]of this.#d)e.value=r}#y(){return`${this.#L}${Math.random().toString(32).substring(1)}${Math.random().toString(32).substring(1)}`}}r.BomRefDiscriminator=BomRefDiscriminator},98485:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.MissingOptionalDependencyError=void 0;const t=i(98835);class MissingOptionalDependencyError extends t.OptPlugError{}r.MissingOptionalDependencyError=MissingOptionalDependencyError},57621:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t,n=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),o=this&&this.__setModuleDefault||(Object.create?function(e,r){Object.defineProperty(e,"default",{enumerable:!0,value:r})}:function(e,r){e.default=r}),a=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||n(r,e,i)},s=this&&this.__importStar||(t=function(e){return t=Object.getOwnPropertyNames||function(e){var r=[];for(var i in e)Object.prototype.hasOwnProperty.call(e,i)&&(r[r.length]=i);return r},t(e)},function(e){if(e&&e.__esModule)return e;var r={};if(null!=e)for(var i=t(e),a=0;a<i.length;a++)"default"!==i[a]&&n(r,e,i[a]);return o(r,e),r});Object.defineProperty(r,"__esModule",{value:!0}),r.XML=r.JSON=r.Types=void 0,a(i(81637),r),a(i(98485),r),r.Types=s(i(54897)),a(i(39983),r),r.JSON=s(i(85395)),a(i(55976),r),r.XML=s(i(74494)),a(i(63568),r)},51248:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),n=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||t(r,e,i)};Object.defineProperty(r,"__esModule",{value:!0}),n(i(57621),r),n(i(86179),r)},85395:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t,n=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),o=this&&this.__setModuleDefault||(Object.create?function(e,r){Object.defineProperty(e,"default",{enumerable:!0,value:r})}:function(e,r){e.default=r}),a=this&&this.__importStar||(t=function(e){return t=Object.getOwnPropertyNames||function(e){var r=[];for(var i in e)Object.prototype.hasOwnProperty.call(e,i)&&(r[r.length]=i);return r},t(e)},function(e){if(e&&e.__esModule)return e;var r={};if(null!=e)for(var i=t(e),a=0;a<i.length;a++)"default"!==i[a]&&n(r,e,i[a]);return o(r,e),r});Object.defineProperty(r,"__esModule",{value:!0}),r.Types=r.Normalize=void 0,r.Normalize=a(i(52608)),r.Types=a(i(84466))},52608:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.VulnerabilityAnalysisNormalizer=r.VulnerabilityAffectedVersionNormalizer=r.VulnerabilityAffectNormalizer=r.VulnerabilityCreditsNormalizer=r.VulnerabilityAdvisoryNormalizer=r.VulnerabilityRatingNormalizer=r.VulnerabilityReferenceNormalizer=r.VulnerabilitySourceNormalizer=r.VulnerabilityNormalizer=r.DependencyGraphNormalizer=r.PropertyNormalizer=r.AttachmentNormalizer=r.ExternalReferenceNormalizer=r.SWIDNormalizer=r.LicenseNormalizer=r.ComponentEvidenceNormalizer=r.ServiceNormalizer=r.ComponentNormalizer=r.OrganizationalEntityNormalizer=r.OrganizationalContactNormalizer=r.HashNormalizer=r.ToolsNormalizer=r.ToolNormalizer=r.LifecycleNormalizer=r.MetadataNormalizer=r.BomNormalizer=r.Factory=void 0;const t=i(27180),n=i(73837),o=i(66698),a=i(72818),s=i(27027),c=i(604),l=i(28468),p=i(78616),m=i(61290),u=i(33671),d=i(84466);r.Factory=class Factory{#f;constructor(e){this.#f=e}get spec(){return this.#f}makeForBom(){return new BomNormalizer(this)}makeForMetadata(){return new MetadataNormalizer(this)}makeForComponent(){return new ComponentNormalizer(this)}makeForService(){return new ServiceNormalizer(this)}makeForComponentEvidence(){return new ComponentEvidenceNormalizer(this)}makeForLifecycle(){return new LifecycleNormalizer(this)}makeForTool(){return new ToolNormalizer(this)}makeForTools(){return new ToolsNormalizer(this)}makeForOrganizationalContact(){return new OrganizationalContactNormalizer(this)}makeForOrganizationalEntity(){return new OrganizationalEntityNormalizer(this)}makeForHash(){return new HashNormalizer(this)}makeForLicense(){return new LicenseNormalizer(this)}makeForSWID(){return new SWIDNormalizer(this)}makeForExternalReference(){return new ExternalReferenceNormalizer(this)}makeForAttachment(){return new AttachmentNormalizer(this)}makeForProperty(){return new PropertyNormalizer(this)}makeForDependencyGraph(){return new DependencyGraphNormalizer(this)}makeForVulnerability(){return new VulnerabilityNormalizer(this)}makeForVulnerabilitySource(){return new VulnerabilitySourceNormalizer(this)}makeForVulnerabilityReference(){return new VulnerabilityReferenceNormalizer(this)}makeForVulnerabilityRating(){return new VulnerabilityRatingNormalizer(this)}makeForVulnerabilityAdvisory(){return new VulnerabilityAdvisoryNormalizer(this)}makeForVulnerabilityCredits(){return new VulnerabilityCreditsNormalizer(this)}makeForVulnerabilityAffect(){return new VulnerabilityAffectNormalizer(this)}makeForVulnerabilityAffectedVersion(){return new VulnerabilityAffectedVersionNormalizer(this)}makeForVulnerabilityAnalysis(){return new VulnerabilityAnalysisNormalizer(this)}};const L=new Map([[u.Version.v1dot7,"http://cyclonedx.org/schema/bom-1.7.schema.json"],[u.Version.v1dot6,"http://cyclonedx.org/schema/bom-1.6.schema.json"],[u.Version.v1dot5,"http://cyclonedx.org/schema/bom-1.5.schema.json"],[u.Version.v1dot4,"http://cyclonedx.org/schema/bom-1.4.schema.json"],[u.Version.v1dot3,"http://cyclonedx.org/schema/bom-1.3a.schema.json"],[u.Version.v1dot2,"http://cyclonedx.org/schema/bom-1.2b.schema.json"]]);class BaseJsonNormalizer{_factory;constructor(e){this._factory=e}get factory(){return this._factory}}class BomNormalizer extends BaseJsonNormalizer{normalize(e,r){return{$schema:L.get(this._factory.spec.version),bomFormat:"CycloneDX",specVersion:this._factory.spec.version,version:e.version,serialNumber:this.#h(e.serialNumber)?e.serialNumber:void 0,metadata:this._factory.makeForMetadata().normalize(e.metadata,r),components:e.components.size>0?this._factory.makeForComponent().normalizeIterable(e.components,r):[],services:this._factory.spec.supportsServices&&e.services.size>0?this._factory.makeForService().normalizeIterable(e.services,r):void 0,dependencies:this._factory.spec.supportsDependencyGraph?this._factory.makeForDependencyGraph().normalize(e,r):void 0,vulnerabilities:this._factory.spec.supportsVulnerabilities&&e.vulnerabilities.size>0?this._factory.makeForVulnerability().normalizeIterable(e.vulnerabilities,r):void 0}}#h(e){return void 0!==e&&/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(e)}}r.BomNormalizer=BomNormalizer;class MetadataNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=this._factory.makeForOrganizationalEntity();return{timestamp:e.timestamp?.toISOString(),lifecycles:this._factory.spec.supportsMetadataLifecycles&&e.lifecycles.size>0?this._factory.makeForLifecycle().normalizeIterable(e.lifecycles,r):void 0,tools:e.tools.size>0?this._factory.makeForTools().normalize(e.tools,r):void 0,authors:e.authors.size>0?this._factory.makeForOrganizationalContact().normalizeIterable(e.authors,r):void 0,component:void 0===e.component?void 0:this._factory.makeForComponent().normalize(e.component,r),manufacture:void 0===e.manufacture?void 0:i.normalize(e.manufacture,r),supplier:void 0===e.supplier?void 0:i.normalize(e.supplier,r),licenses:this._factory.spec.supportsMetadataLicenses&&e.licenses.size>0?this._factory.makeForLicense().normalizeIterable(e.licenses,r):void 0,properties:this._factory.spec.supportsMetadataProperties&&e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0}}}r.MetadataNormalizer=MetadataNormalizer;class LifecycleNormalizer extends BaseJsonNormalizer{normalize(e,r){return e instanceof c.NamedLifecycle?{name:e.name,description:e.description}:{phase:e}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.LifecycleNormalizer=LifecycleNormalizer;class ToolNormalizer extends BaseJsonNormalizer{normalize(e,r){return{vendor:e.vendor||void 0,name:e.name||void 0,version:e.version||void 0,hashes:e.hashes.size>0?this._factory.makeForHash().normalizeIterable(e.hashes,r):void 0,externalReferences:this._factory.spec.supportsToolReferences&&e.externalReferences.size>0?this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.ToolNormalizer=ToolNormalizer;class ToolsNormalizer extends BaseJsonNormalizer{normalize(e,r){return e.tools.size>0||!this._factory.spec.supportsToolsComponentsServices?this._factory.makeForTool().normalizeIterable(new l.ToolRepository((0,t.chainI)(Array.from(e.components,l.Tool.fromComponent),Array.from(e.services,l.Tool.fromService),e.tools)),r):{components:e.components.size>0?this._factory.makeForComponent().normalizeIterable(e.components,r):void 0,services:e.services.size>0?this._factory.makeForService().normalizeIterable(e.services,r):void 0}}}r.ToolsNormalizer=ToolsNormalizer;class HashNormalizer extends BaseJsonNormalizer{normalize([e,r],i){const t=this._factory.spec;return t.supportsHashAlgorithm(e)&&t.supportsHashValue(r)?{alg:e,content:r}:void 0}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r)).filter(n.isNotUndefined)}}r.HashNormalizer=HashNormalizer;class OrganizationalContactNormalizer extends BaseJsonNormalizer{normalize(e,r){return{name:e.name||void 0,email:d.JsonSchema.isIdnEmail(e.email)?e.email:void 0,phone:e.phone||void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.OrganizationalContactNormalizer=OrganizationalContactNormalizer;class OrganizationalEntityNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=y(Array.from(e.url,e=>(0,a.escapeUri)(e.toString())),r).filter(d.JsonSchema.isIriReference);return{name:e.name||void 0,url:i.length>0?i:void 0,contact:e.contact.size>0?this._factory.makeForOrganizationalContact().normalizeIterable(e.contact,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.OrganizationalEntityNormalizer=OrganizationalEntityNormalizer;class ComponentNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=this._factory.spec;if(!i.supportsComponentType(e.type))return;const t=e.version??"";return{type:e.type,name:e.name,group:e.group||void 0,version:t.length>0||i.requiresComponentVersion?t:void 0,"bom-ref":e.bomRef.value||void 0,supplier:void 0===e.supplier?void 0:this._factory.makeForOrganizationalEntity().normalize(e.supplier,r),author:e.author||void 0,publisher:e.publisher||void 0,description:e.description||void 0,scope:e.scope,hashes:e.hashes.size>0?this._factory.makeForHash().normalizeIterable(e.hashes,r):void 0,licenses:e.licenses.size>0?this._factory.makeForLicense().normalizeIterable(e.licenses,r):void 0,copyright:e.copyright?.toString()||void 0,cpe:e.cpe||void 0,purl:e.purl?.toString(),swid:void 0===e.swid?void 0:this._factory.makeForSWID().normalize(e.swid,r),externalReferences:e.externalReferences.size>0?this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r):void 0,properties:i.supportsProperties(e)&&e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0,components:e.components.size>0?this.normalizeIterable(e.components,r):void 0,evidence:i.supportsComponentEvidence&&void 0!==e.evidence?this._factory.makeForComponentEvidence().normalize(e.evidence,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r)).filter(n.isNotUndefined)}}r.ComponentNormalizer=ComponentNormalizer;class ServiceNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=this._factory.spec;return{"bom-ref":e.bomRef.value||void 0,provider:e.provider?this._factory.makeForOrganizationalEntity().normalize(e.provider,r):void 0,group:e.group,name:e.name,version:e.version||void 0,description:e.description||void 0,licenses:e.licenses.size>0?this._factory.makeForLicense().normalizeIterable(e.licenses,r):void 0,externalReferences:e.externalReferences.size>0?this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r):void 0,services:e.services.size>0?this._factory.makeForService().normalizeIterable(e.services,r):void 0,properties:i.supportsProperties(e)&&e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.ServiceNormalizer=ServiceNormalizer;class ComponentEvidenceNormalizer extends BaseJsonNormalizer{normalize(e,r){return{licenses:e.licenses.size>0?this._factory.makeForLicense().normalizeIterable(e.licenses,r):void 0,copyright:e.copyright.size>0?r.sortLists?e.copyright.sorted().map(ComponentEvidenceNormalizer.#S):Array.from(e.copyright,ComponentEvidenceNormalizer.#S):void 0}}static#S(e){return{text:e.toString()}}}r.ComponentEvidenceNormalizer=ComponentEvidenceNormalizer;class LicenseNormalizer extends BaseJsonNormalizer{normalize(e,r){switch(!0){case e instanceof s.NamedLicense:return this.#v(e,r);case e instanceof s.SpdxLicense:return(0,m.isSupportedSpdxId)(e.id)?this.#C(e,r):this.#v(new s.NamedLicense(e.id,{url:e.url}),r);case e instanceof s.LicenseExpression:return this.#b(e);default:throw new TypeError("Unexpected LicenseChoice")}}#v(e,r){const i=this._factory.spec,t=(0,a.escapeUri)(e.url?.toString());return{license:{name:e.name,acknowledgement:i.supportsLicenseAcknowledgement?e.acknowledgement:void 0,text:void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r),url:d.JsonSchema.isIriReference(t)?t:void 0,properties:i.supportsProperties(e)&&e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0}}}#C(e,r){const i=this._factory.spec,t=(0,a.escapeUri)(e.url?.toString());return{license:{id:e.id,acknowledgement:i.supportsLicenseAcknowledgement?e.acknowledgement:void 0,text:void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r),url:d.JsonSchema.isIriReference(t)?t:void 0,properties:i.supportsProperties(e)&&e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0}}}#b(e){return{expression:e.expression,acknowledgement:this._factory.spec.supportsLicenseAcknowledgement?e.acknowledgement:void 0}}normalizeIterable(e,r){const i=r.sortLists?e.sorted():Array.from(e);if(i.length>1){const e=i.filter(e=>e instanceof s.LicenseExpression);if(e.length>0)return[this.#b(e[0])]}return i.map(e=>this.normalize(e,r))}}r.LicenseNormalizer=LicenseNormalizer;class SWIDNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=(0,a.escapeUri)(e.url?.toString());return{tagId:e.tagId,name:e.name,version:e.version||void 0,tagVersion:e.tagVersion,patch:e.patch,text:void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r),url:d.JsonSchema.isIriReference(i)?i:void 0}}}r.SWIDNormalizer=SWIDNormalizer;class ExternalReferenceNormalizer extends BaseJsonNormalizer{normalize(e,r){return this._factory.spec.supportsExternalReferenceType(e.type)?{url:(0,a.escapeUri)(e.url.toString()),type:e.type,hashes:this._factory.spec.supportsExternalReferenceHashes&&e.hashes.size>0?this._factory.makeForHash().normalizeIterable(e.hashes,r):void 0,comment:e.comment||void 0}:void 0}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r)).filter(n.isNotUndefined)}}r.ExternalReferenceNormalizer=ExternalReferenceNormalizer;class AttachmentNormalizer extends BaseJsonNormalizer{normalize(e,r){return{content:e.content.toString(),contentType:e.contentType||void 0,encoding:e.encoding}}}r.AttachmentNormalizer=AttachmentNormalizer;class PropertyNormalizer extends BaseJsonNormalizer{normalize(e,r){return{name:e.name,value:e.value}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.PropertyNormalizer=PropertyNormalizer;class DependencyGraphNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=new Map;if(void 0!==e.metadata.component){i.set(e.metadata.component.bomRef,e.metadata.component.dependencies);for(const r of e.metadata.component.components[o.treeIteratorSymbol]())i.set(r.bomRef,r.dependencies)}for(const r of e.components[o.treeIteratorSymbol]())i.set(r.bomRef,r.dependencies);for(const r of e.services[o.treeIteratorSymbol]())i.set(r.bomRef,r.dependencies);const t=[];for(const[e,o]of i){const a=this.#P(e,o,i,r);(0,n.isNotUndefined)(a)&&t.push(a)}return r.sortLists&&t.sort(({ref:e},{ref:r})=>e.localeCompare(r)),t}#P(e,r,i,t){const n=e.toString();if(0===n.length)return;const o=y(Array.from(r).filter(r=>i.has(r)&&r!==e),t).filter(e=>e.length>0);return{ref:n,dependsOn:o.length>0?o:void 0}}}r.DependencyGraphNormalizer=DependencyGraphNormalizer;class VulnerabilityNormalizer extends BaseJsonNormalizer{normalize(e,r){return{"bom-ref":e.bomRef.value||void 0,id:e.id||void 0,source:void 0===e.source?void 0:this._factory.makeForVulnerabilitySource().normalize(e.source,r),references:e.references.size>0?this._factory.makeForVulnerabilityReference().normalizeIterable(e.references,r):void 0,ratings:e.ratings.size>0?this._factory.makeForVulnerabilityRating().normalizeIterable(e.ratings,r):void 0,cwes:e.cwes.size>0?r.sortLists?e.cwes.sorted():Array.from(e.cwes):void 0,description:e.description,detail:e.detail,recommendation:e.recommendation,advisories:e.advisories.size>0?this._factory.makeForVulnerabilityAdvisory().normalizeIterable(e.advisories,r):void 0,created:e.created?.toISOString(),published:e.published?.toISOString(),updated:e.updated?.toISOString(),credits:void 0===e.credits?void 0:this._factory.makeForVulnerabilityCredits().normalize(e.credits,r),tools:e.tools.size>0?this._factory.makeForTools().normalize(e.tools,r):void 0,analysis:void 0===e.analysis?void 0:this._factory.makeForVulnerabilityAnalysis().normalize(e.analysis,r),affects:e.affects.size>0?this._factory.makeForVulnerabilityAffect().normalizeIterable(e.affects,r):void 0,properties:e.properties.size>0?this._factory.makeForProperty().normalizeIterable(e.properties,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.VulnerabilityNormalizer=VulnerabilityNormalizer;class VulnerabilitySourceNormalizer extends BaseJsonNormalizer{normalize(e,r){return{name:e.name,url:e.url?.toString()}}}r.VulnerabilitySourceNormalizer=VulnerabilitySourceNormalizer;class VulnerabilityReferenceNormalizer extends BaseJsonNormalizer{normalize(e,r){return{id:e.id,source:this._factory.makeForVulnerabilitySource().normalize(e.source,r)}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.VulnerabilityReferenceNormalizer=VulnerabilityReferenceNormalizer;class VulnerabilityRatingNormalizer extends BaseJsonNormalizer{normalize(e,r){return{source:void 0===e.source?void 0:this._factory.makeForVulnerabilitySource().normalize(e.source,r),score:e.score,severity:e.severity,method:this._factory.spec.supportsVulnerabilityRatingMethod(e.method)?e.method:void 0,vector:e.vector,justification:e.justification}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.VulnerabilityRatingNormalizer=VulnerabilityRatingNormalizer;class VulnerabilityAdvisoryNormalizer extends BaseJsonNormalizer{normalize(e,r){const i=(0,a.escapeUri)(e.url.toString());if(d.JsonSchema.isIriReference(i))return{title:e.title,url:i}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r)).filter(n.isNotUndefined)}}r.VulnerabilityAdvisoryNormalizer=VulnerabilityAdvisoryNormalizer;class VulnerabilityCreditsNormalizer extends BaseJsonNormalizer{normalize(e,r){return{organizations:e.organizations.size>0?this._factory.makeForOrganizationalEntity().normalizeIterable(e.organizations,r):void 0,individuals:e.individuals.size>0?this._factory.makeForOrganizationalContact().normalizeIterable(e.individuals,r):void 0}}}r.VulnerabilityCreditsNormalizer=VulnerabilityCreditsNormalizer;class VulnerabilityAffectNormalizer extends BaseJsonNormalizer{normalize(e,r){return{ref:e.ref.toString(),versions:e.versions.size>0?this._factory.makeForVulnerabilityAffectedVersion().normalizeIterable(e.versions,r):void 0}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r))}}r.VulnerabilityAffectNormalizer=VulnerabilityAffectNormalizer;class VulnerabilityAffectedVersionNormalizer extends BaseJsonNormalizer{normalize(e,r){switch(!0){case e instanceof p.AffectedSingleVersion:return this.#A(e);case e instanceof p.AffectedVersionRange:return this.#g(e);default:throw new TypeError("Unexpected Vulnerability AffectedVersion")}}#A(e){return e.version.length<1?void 0:{version:e.version.substring(0,1024),status:e.status}}#g(e){return e.range.length<1?void 0:{range:e.range.substring(0,1024),status:e.status}}normalizeIterable(e,r){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r)).filter(n.isNotUndefined)}}r.VulnerabilityAffectedVersionNormalizer=VulnerabilityAffectedVersionNormalizer;class VulnerabilityAnalysisNormalizer extends BaseJsonNormalizer{normalize(e,r){return{state:e.state,justification:e.justification,response:e.response.size>0?r.sortLists?e.response.sorted():Array.from(e.response):void 0,detail:e.detail}}}function y(e,r){const i=Array.from(e,e=>e.toString());return r.sortLists&&i.sort((e,r)=>e.localeCompare(r)),i}r.VulnerabilityAnalysisNormalizer=VulnerabilityAnalysisNormalizer},84466:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.JsonSchema=void 0,function(e){e.isIriReference=function(e){return"string"==typeof e&&e.length>0},e.isIdnEmail=function(e){return"string"==typeof e&&e.length>0}}(i||(r.JsonSchema=i={}))},55976:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.JsonSerializer=void 0;const t=i(33671),n=i(36134),o=i(39983);class JsonSerializer extends o.BaseSerializer{#N;constructor(e){if(!e.spec.supportsFormat(t.Format.JSON))throw new n.UnsupportedFormatError("Spec does not support JSON format.");super(),this.#N=e}get normalizerFactory(){return this.#N}_normalize(e,r={}){return this.#N.makeForBom().normalize(e,r)}_serialize(e,{space:r}={}){return JSON.stringify(e,null,r)}}r.JsonSerializer=JsonSerializer},54897:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0})},98020:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.normalizedString=n,r.token=function(e){return n(e).trim().replace(o,a)};const i=/\r\n|\t|\n|\r/g,t=" ";function n(e){return e.replace(i,t)}const o=/ {2,}/g,a=" "},74494:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t,n=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),o=this&&this.__setModuleDefault||(Object.create?function(e,r){Object.defineProperty(e,"default",{enumerable:!0,value:r})}:function(e,r){e.default=r}),a=this&&this.__importStar||(t=function(e){return t=Object.getOwnPropertyNames||function(e){var r=[];for(var i in e)Object.prototype.hasOwnProperty.call(e,i)&&(r[r.length]=i);return r},t(e)},function(e){if(e&&e.__esModule)return e;var r={};if(null!=e)for(var i=t(e),a=0;a<i.length;a++)"default"!==i[a]&&n(r,e,i[a]);return o(r,e),r});Object.defineProperty(r,"__esModule",{value:!0}),r.Types=r.Normalize=void 0,r.Normalize=a(i(42341)),r.Types=a(i(58547))},42341:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.VulnerabilityAffectedVersionNormalizer=r.VulnerabilityAffectNormalizer=r.VulnerabilityAnalysisNormalizer=r.VulnerabilityCreditsNormalizer=r.VulnerabilityAdvisoryNormalizer=r.VulnerabilityRatingNormalizer=r.VulnerabilityReferenceNormalizer=r.VulnerabilitySourceNormalizer=r.VulnerabilityNormalizer=r.DependencyGraphNormalizer=r.PropertyNormalizer=r.AttachmentNormalizer=r.ExternalReferenceNormalizer=r.SWIDNormalizer=r.LicenseNormalizer=r.ComponentEvidenceNormalizer=r.ServiceNormalizer=r.ComponentNormalizer=r.OrganizationalEntityNormalizer=r.OrganizationalContactNormalizer=r.HashNormalizer=r.ToolsNormalizer=r.ToolNormalizer=r.LifecycleNormalizer=r.MetadataNormalizer=r.BomNormalizer=r.Factory=void 0;const t=i(27180),n=i(73837),o=i(66698),a=i(72818),s=i(50320),c=i(27027),l=i(604),p=i(78616),m=i(61290),u=i(33671),d=i(98020),L=i(58547);r.Factory=class Factory{#f;constructor(e){this.#f=e}get spec(){return this.#f}makeForBom(){return new BomNormalizer(this)}makeForMetadata(){return new MetadataNormalizer(this)}makeForLifecycle(){return new LifecycleNormalizer(this)}makeForComponent(){return new ComponentNormalizer(this)}makeForService(){return new ServiceNormalizer(this)}makeForComponentEvidence(){return new ComponentEvidenceNormalizer(this)}makeForTool(){return new ToolNormalizer(this)}makeForTools(){return new ToolsNormalizer(this)}makeForOrganizationalContact(){return new OrganizationalContactNormalizer(this)}makeForOrganizationalEntity(){return new OrganizationalEntityNormalizer(this)}makeForHash(){return new HashNormalizer(this)}makeForLicense(){return new LicenseNormalizer(this)}makeForSWID(){return new SWIDNormalizer(this)}makeForExternalReference(){return new ExternalReferenceNormalizer(this)}makeForAttachment(){return new AttachmentNormalizer(this)}makeForProperty(){return new PropertyNormalizer(this)}makeForDependencyGraph(){return new DependencyGraphNormalizer(this)}makeForVulnerability(){return new VulnerabilityNormalizer(this)}makeForVulnerabilitySource(){return new VulnerabilitySourceNormalizer(this)}makeForVulnerabilityReference(){return new VulnerabilityReferenceNormalizer(this)}makeForVulnerabilityRating(){return new VulnerabilityRatingNormalizer(this)}makeForVulnerabilityAdvisory(){return new VulnerabilityAdvisoryNormalizer(this)}makeForVulnerabilityCredits(){return new VulnerabilityCreditsNormalizer(this)}makeForVulnerabilityAffect(){return new VulnerabilityAffectNormalizer(this)}makeForVulnerabilityAffectedVersion(){return new VulnerabilityAffectedVersionNormalizer(this)}makeForVulnerabilityAnalysis(){return new VulnerabilityAnalysisNormalizer(this)}};const y=new Map([[u.Version.v1dot7,"http://cyclonedx.org/schema/bom/1.7"],[u.Version.v1dot6,"http://cyclonedx.org/schema/bom/1.6"],[u.Version.v1dot5,"http://cyclonedx.org/schema/bom/1.5"],[u.Version.v1dot4,"http://cyclonedx.org/schema/bom/1.4"],[u.Version.v1dot3,"http://cyclonedx.org/schema/bom/1.3"],[u.Version.v1dot2,"http://cyclonedx.org/schema/bom/1.2"],[u.Version.v1dot1,"http://cyclonedx.org/schema/bom/1.1"],[u.Version.v1dot0,"http://cyclonedx.org/schema/bom/1.0"]]);class BaseXmlNormalizer{_factory;constructor(e){this._factory=e}get factory(){return this._factory}}class BomNormalizer extends BaseXmlNormalizer{normalize(e,r){const i={type:"element",name:"components",children:e.components.size>0?this._factory.makeForComponent().normalizeIterable(e.components,r,"component"):void 0},t=this._factory.spec.supportsServices&&e.services.size>0?{type:"element",name:"services",children:this._factory.makeForService().normalizeIterable(e.services,r,"service")}:void 0,o=this._factory.spec.supportsVulnerabilities&&e.vulnerabilities.size>0?{type:"element",name:"vulnerabilities",children:this._factory.makeForVulnerability().normalizeIterable(e.vulnerabilities,r,"vulnerability")}:void 0;return{type:"element",name:"bom",namespace:y.get(this._factory.spec.version),attributes:{version:e.version,serialNumber:this.#h(e.serialNumber)?e.serialNumber:void 0},children:[this._factory.makeForMetadata().normalize(e.metadata,r,"metadata"),i,t,this._factory.spec.supportsDependencyGraph?this._factory.makeForDependencyGraph().normalize(e,r,"dependencies"):void 0,o].filter(n.isNotUndefined)}}#h(e){return void 0!==e&&/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$/.test(e)}}r.BomNormalizer=BomNormalizer;class MetadataNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=this._factory.makeForOrganizationalEntity(),o=this._factory.spec.supportsMetadataLifecycles&&e.lifecycles.size>0?{type:"element",name:"lifecycles",children:this._factory.makeForLifecycle().normalizeIterable(e.lifecycles,r,"lifecycle")}:void 0,a=e.tools.size>0?this._factory.makeForTools().normalize(e.tools,r,"tools"):void 0,s=e.authors.size>0?{type:"element",name:"authors",children:this._factory.makeForOrganizationalContact().normalizeIterable(e.authors,r,"author")}:void 0,c=this._factory.spec.supportsMetadataLicenses&&e.licenses.size>0?{type:"element",name:"licenses",children:this._factory.makeForLicense().normalizeIterable(e.licenses,r)}:void 0,l=this._factory.spec.supportsMetadataProperties&&e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0;return{type:"element",name:i,children:[C(e.timestamp,"timestamp"),o,a,s,void 0===e.component?void 0:this._factory.makeForComponent().normalize(e.component,r,"component"),void 0===e.manufacture?void 0:t.normalize(e.manufacture,r,"manufacture"),void 0===e.supplier?void 0:t.normalize(e.supplier,r,"supplier"),c,l].filter(n.isNotUndefined)}}}r.MetadataNormalizer=MetadataNormalizer;class LifecycleNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return e instanceof l.NamedLifecycle?{type:"element",name:i,children:[S(e.name,"name",d.normalizedString),h(e.description,"description")].filter(n.isNotUndefined)}:{type:"element",name:i,children:[S(e,"phase")]}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.LifecycleNormalizer=LifecycleNormalizer;class ToolNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=e.hashes.size>0?{type:"element",name:"hashes",children:this._factory.makeForHash().normalizeIterable(e.hashes,r,"hash")}:void 0,o=this._factory.spec.supportsToolReferences&&e.externalReferences.size>0?{type:"element",name:"externalReferences",children:this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r,"reference")}:void 0;return{type:"element",name:i,children:[h(e.vendor,"vendor",d.normalizedString),h(e.name,"name",d.normalizedString),h(e.version,"version",d.normalizedString),t,o].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.ToolNormalizer=ToolNormalizer;class ToolsNormalizer extends BaseXmlNormalizer{normalize(e,r,i){let n=[];return e.tools.size>0||!this._factory.spec.supportsToolsComponentsServices?n=this._factory.makeForTool().normalizeIterable(new s.ToolRepository((0,t.chainI)(Array.from(e.components,s.Tool.fromComponent),Array.from(e.services,s.Tool.fromService),e.tools)),r,"tool"):(e.components.size>0&&n.push({type:"element",name:"components",children:this._factory.makeForComponent().normalizeIterable(e.components,r,"component")}),e.services.size>0&&n.push({type:"element",name:"services",children:this._factory.makeForService().normalizeIterable(e.services,r,"service")})),{type:"element",name:i,children:n}}}r.ToolsNormalizer=ToolsNormalizer;class HashNormalizer extends BaseXmlNormalizer{normalize([e,r],i,t){const n=this._factory.spec;return n.supportsHashAlgorithm(e)&&n.supportsHashValue(r)?{type:"element",name:t,attributes:{alg:e},children:(0,d.token)(r)}:void 0}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i)).filter(n.isNotUndefined)}}r.HashNormalizer=HashNormalizer;class OrganizationalContactNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[h(e.name,"name",d.normalizedString),h(e.email,"email",d.normalizedString),h(e.phone,"phone",d.normalizedString)].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.OrganizationalContactNormalizer=OrganizationalContactNormalizer;class OrganizationalEntityNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[h(e.name,"name",d.normalizedString),...v(Array.from(e.url,e=>(0,a.escapeUri)(e.toString())),r,"url").filter(({children:e})=>L.XmlSchema.isAnyURI(e)),...this._factory.makeForOrganizationalContact().normalizeIterable(e.contact,r,"contact")].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.OrganizationalEntityNormalizer=OrganizationalEntityNormalizer;class ComponentNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=this._factory.spec;if(!t.supportsComponentType(e.type))return;const o=void 0===e.supplier?void 0:this._factory.makeForOrganizationalEntity().normalize(e.supplier,r,"supplier"),a=(t.requiresComponentVersion?S:h)(e.version??"","version",d.normalizedString),s=e.hashes.size>0?{type:"element",name:"hashes",children:this._factory.makeForHash().normalizeIterable(e.hashes,r,"hash")}:void 0,c=e.licenses.size>0?{type:"element",name:"licenses",children:this._factory.makeForLicense().normalizeIterable(e.licenses,r)}:void 0,l=void 0===e.swid?void 0:this._factory.makeForSWID().normalize(e.swid,r,"swid"),p=e.externalReferences.size>0?{type:"element",name:"externalReferences",children:this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r,"reference")}:void 0,m=t.supportsProperties(e)&&e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0,u=e.components.size>0?{type:"element",name:"components",children:this.normalizeIterable(e.components,r,"component")}:void 0,L=t.supportsComponentEvidence&&void 0!==e.evidence?this._factory.makeForComponentEvidence().normalize(e.evidence,r,"evidence"):void 0;return{type:"element",name:i,attributes:{type:e.type,"bom-ref":e.bomRef.value},children:[o,h(e.author,"author",d.normalizedString),h(e.publisher,"publisher",d.normalizedString),h(e.group,"group",d.normalizedString),S(e.name,"name",d.normalizedString),a,h(e.description,"description",d.normalizedString),h(e.scope,"scope"),s,c,h(e.copyright,"copyright",d.normalizedString),h(e.cpe,"cpe"),h(e.purl,"purl"),l,p,m,u,L].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i)).filter(n.isNotUndefined)}}r.ComponentNormalizer=ComponentNormalizer;class ServiceNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=this._factory.spec,o=void 0===e.provider?void 0:this._factory.makeForOrganizationalEntity().normalize(e.provider,r,"provider"),a=e.licenses.size>0?{type:"element",name:"licenses",children:this._factory.makeForLicense().normalizeIterable(e.licenses,r)}:void 0,s=e.externalReferences.size>0?{type:"element",name:"externalReferences",children:this._factory.makeForExternalReference().normalizeIterable(e.externalReferences,r,"reference")}:void 0,c=t.supportsProperties(e)&&e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0,l=e.services.size>0?{type:"element",name:"services",children:this.normalizeIterable(e.services,r,"service")}:void 0;return{type:"element",name:i,attributes:{"bom-ref":e.bomRef.value},children:[o,h(e.group,"group",d.normalizedString),S(e.name,"name",d.normalizedString),h(e.version,"version",d.normalizedString),h(e.description,"description",d.normalizedString),a,s,c,l].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.ServiceNormalizer=ServiceNormalizer;class ComponentEvidenceNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[e.licenses.size>0?{type:"element",name:"licenses",children:this._factory.makeForLicense().normalizeIterable(e.licenses,r)}:void 0,e.copyright.size>0?{type:"element",name:"copyright",children:v(e.copyright,r,"text")}:void 0].filter(n.isNotUndefined)}}}r.ComponentEvidenceNormalizer=ComponentEvidenceNormalizer;class LicenseNormalizer extends BaseXmlNormalizer{normalize(e,r){switch(!0){case e instanceof c.NamedLicense:return this.#v(e,r);case e instanceof c.SpdxLicense:return(0,m.isSupportedSpdxId)(e.id)?this.#C(e,r):this.#v(new c.NamedLicense(e.id,{url:e.url}),r);case e instanceof c.LicenseExpression:return this.#b(e);default:throw new TypeError("Unexpected LicenseChoice")}}#v(e,r){const i=this._factory.spec,t=(0,a.escapeUri)(e.url?.toString()),o=i.supportsProperties(e)&&e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0;return{type:"element",name:"license",attributes:{acknowledgement:i.supportsLicenseAcknowledgement?e.acknowledgement:void 0},children:[S(e.name,"name",d.normalizedString),void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r,"text"),L.XmlSchema.isAnyURI(t)?S(t,"url"):void 0,o].filter(n.isNotUndefined)}}#C(e,r){const i=this._factory.spec,t=(0,a.escapeUri)(e.url?.toString()),o=i.supportsProperties(e)&&e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0;return{type:"element",name:"license",attributes:{acknowledgement:i.supportsLicenseAcknowledgement?e.acknowledgement:void 0},children:[S(e.id,"id"),void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r,"text"),L.XmlSchema.isAnyURI(t)?S(t,"url"):void 0,o].filter(n.isNotUndefined)}}#b(e){const r=S(e.expression,"expression",d.normalizedString);return r.attributes={acknowledgement:this._factory.spec.supportsLicenseAcknowledgement?e.acknowledgement:void 0},r}normalizeIterable(e,r){const i=r.sortLists?e.sorted():Array.from(e);if(i.length>1){const e=i.filter(e=>e instanceof c.LicenseExpression);if(e.length>0)return[this.#b(e[0])]}return i.map(e=>this.normalize(e,r))}}r.LicenseNormalizer=LicenseNormalizer;class SWIDNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=(0,a.escapeUri)(e.url?.toString());return{type:"element",name:i,attributes:{tagId:e.tagId,name:e.name,version:e.version||void 0,tagVersion:e.tagVersion,patch:void 0===e.patch?void 0:e.patch?"true":"false"},children:[void 0===e.text?void 0:this._factory.makeForAttachment().normalize(e.text,r,"text"),L.XmlSchema.isAnyURI(t)?S(t,"url"):void 0].filter(n.isNotUndefined)}}}r.SWIDNormalizer=SWIDNormalizer;class ExternalReferenceNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=(0,a.escapeUri)(e.url.toString()),o=this._factory.spec.supportsExternalReferenceHashes&&e.hashes.size>0?{type:"element",name:"hashes",children:this._factory.makeForHash().normalizeIterable(e.hashes,r,"hash")}:void 0;return this._factory.spec.supportsExternalReferenceType(e.type)&&L.XmlSchema.isAnyURI(t)?{type:"element",name:i,attributes:{type:e.type},children:[S(t,"url"),h(e.comment,"comment"),o].filter(n.isNotUndefined)}:void 0}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i)).filter(n.isNotUndefined)}}r.ExternalReferenceNormalizer=ExternalReferenceNormalizer;class AttachmentNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,attributes:{"content-type":e.contentType?(0,d.normalizedString)(e.contentType):void 0,encoding:e.encoding||void 0},children:e.content.toString()}}}r.AttachmentNormalizer=AttachmentNormalizer;class PropertyNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,attributes:{name:e.name},children:(0,d.normalizedString)(e.value)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.PropertyNormalizer=PropertyNormalizer;class DependencyGraphNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=new Map;if(void 0!==e.metadata.component){t.set(e.metadata.component.bomRef,e.metadata.component.dependencies);for(const r of e.metadata.component.components[o.treeIteratorSymbol]())t.set(r.bomRef,r.dependencies)}for(const r of e.components[o.treeIteratorSymbol]())t.set(r.bomRef,r.dependencies);for(const r of e.services[o.treeIteratorSymbol]())t.set(r.bomRef,r.dependencies);const a=[];for(const[e,i]of t){const o=this.#P(e,i,t,r);(0,n.isNotUndefined)(o)&&a.push(o)}return r.sortLists&&a.sort(({attributes:{ref:e}},{attributes:{ref:r}})=>e.localeCompare(r)),{type:"element",name:i,children:a}}#P(e,r,i,t){const n=e.toString();if(0===n.length)return;const o=Array.from(r).filter(r=>i.has(r)&&r!==e).map(e=>e.toString()).filter(e=>e.length>0);return t.sortLists&&o.sort((e,r)=>e.localeCompare(r)),{type:"element",name:"dependency",attributes:{ref:n},children:o.map(e=>({type:"element",name:"dependency",attributes:{ref:e}}))}}}r.DependencyGraphNormalizer=DependencyGraphNormalizer;class VulnerabilityNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=e.references.size>0?{type:"element",name:"references",children:this._factory.makeForVulnerabilityReference().normalizeIterable(e.references,r,"reference")}:void 0,o=e.ratings.size>0?{type:"element",name:"ratings",children:this._factory.makeForVulnerabilityRating().normalizeIterable(e.ratings,r,"rating")}:void 0,a=e.cwes.size>0?{type:"element",name:"cwes",children:(r.sortLists?e.cwes.sorted():Array.from(e.cwes)).map(e=>S(e,"cwe"))}:void 0,s=e.advisories.size>0?{type:"element",name:"advisories",children:this._factory.makeForVulnerabilityAdvisory().normalizeIterable(e.advisories,r,"advisory")}:void 0,c=e.tools.size>0?this._factory.makeForTools().normalize(e.tools,r,"tools"):void 0,l=e.affects.size>0?{type:"element",name:"affects",children:this._factory.makeForVulnerabilityAffect().normalizeIterable(e.affects,r,"target")}:void 0,p=e.properties.size>0?{type:"element",name:"properties",children:this._factory.makeForProperty().normalizeIterable(e.properties,r,"property")}:void 0;return{type:"element",name:i,attributes:{"bom-ref":e.bomRef.value||void 0},children:[h(e.id,"id",d.normalizedString),void 0===e.source?void 0:this._factory.makeForVulnerabilitySource().normalize(e.source,r,"source"),t,o,a,h(e.description,"description"),h(e.detail,"detail"),h(e.recommendation,"recommendation"),s,C(e.created,"created"),C(e.created,"published"),C(e.created,"updated"),void 0===e.credits?void 0:this._factory.makeForVulnerabilityCredits().normalize(e.credits,r,"credits"),c,void 0===e.analysis?void 0:this._factory.makeForVulnerabilityAnalysis().normalize(e.analysis,r,"analysis"),l,p].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.VulnerabilityNormalizer=VulnerabilityNormalizer;class VulnerabilitySourceNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=(0,a.escapeUri)(e.url?.toString());return{type:"element",name:i,children:[h(e.name,"name",d.normalizedString),L.XmlSchema.isAnyURI(t)?S(t,"url"):void 0].filter(n.isNotUndefined)}}}r.VulnerabilitySourceNormalizer=VulnerabilitySourceNormalizer;class VulnerabilityReferenceNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[S(e.id,"id"),this._factory.makeForVulnerabilitySource().normalize(e.source,r,"source")]}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.VulnerabilityReferenceNormalizer=VulnerabilityReferenceNormalizer;class VulnerabilityRatingNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[void 0===e.source?void 0:this._factory.makeForVulnerabilitySource().normalize(e.source,r,"source"),h(e.score,"score"),h(e.severity,"severity"),this._factory.spec.supportsVulnerabilityRatingMethod(e.method)?h(e.method,"method"):void 0,h(e.vector,"vector",d.normalizedString),h(e.justification,"justification")].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.VulnerabilityRatingNormalizer=VulnerabilityRatingNormalizer;class VulnerabilityAdvisoryNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=(0,a.escapeUri)(e.url.toString());if(L.XmlSchema.isAnyURI(t))return{type:"element",name:i,children:[h(e.title,"title"),S(t,"url")].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i)).filter(n.isNotUndefined)}}r.VulnerabilityAdvisoryNormalizer=VulnerabilityAdvisoryNormalizer;class VulnerabilityCreditsNormalizer extends BaseXmlNormalizer{normalize(e,r,i){return{type:"element",name:i,children:[e.organizations.size>0?{type:"element",name:"organizations",children:this._factory.makeForOrganizationalEntity().normalizeIterable(e.organizations,r,"organization")}:void 0,e.individuals.size>0?{type:"element",name:"individuals",children:this._factory.makeForOrganizationalContact().normalizeIterable(e.individuals,r,"individual")}:void 0].filter(n.isNotUndefined)}}}r.VulnerabilityCreditsNormalizer=VulnerabilityCreditsNormalizer;class VulnerabilityAnalysisNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=e.response.size>0?{type:"element",name:"responses",children:(r.sortLists?e.response.sorted():Array.from(e.response)).map(e=>S(e,"response"))}:void 0;return{type:"element",name:i,children:[h(e.state,"state"),h(e.justification,"justification"),t,h(e.detail,"detail")].filter(n.isNotUndefined)}}}r.VulnerabilityAnalysisNormalizer=VulnerabilityAnalysisNormalizer;class VulnerabilityAffectNormalizer extends BaseXmlNormalizer{normalize(e,r,i){const t=e.versions.size>0?{type:"element",name:"versions",children:this._factory.makeForVulnerabilityAffectedVersion().normalizeIterable(e.versions,r,"version")}:void 0;return{type:"element",name:i,children:[S(e.ref,"ref"),t].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.VulnerabilityAffectNormalizer=VulnerabilityAffectNormalizer;class VulnerabilityAffectedVersionNormalizer extends BaseXmlNormalizer{normalize(e,r,i){switch(!0){case e instanceof p.AffectedSingleVersion:return this.#A(e,i);case e instanceof p.AffectedVersionRange:return this.#g(e,i);default:throw new TypeError("Unexpected Vulnerability AffectedVersion")}}#A(e,r){return{type:"element",name:r,children:[S(e.version,"version",d.normalizedString),h(e.status,"status")].filter(n.isNotUndefined)}}#g(e,r){return{type:"element",name:r,children:[S(e.range,"range",d.normalizedString),h(e.status,"status")].filter(n.isNotUndefined)}}normalizeIterable(e,r,i){return(r.sortLists?e.sorted():Array.from(e)).map(e=>this.normalize(e,r,i))}}r.VulnerabilityAffectedVersionNormalizer=VulnerabilityAffectedVersionNormalizer;const f=e=>e;function h(e,r,i=f){const t=i(e?.toString()??"");return t.length>0?S(t,r):void 0}function S(e,r,i=f){return{type:"element",name:r,children:i(e.toString())}}function v(e,r,i,t=f){const n=Array.from(e,e=>S(e,i,t));return r.sortLists&&n.sort(({children:e},{children:r})=>e.localeCompare(r)),n}function C(e,r,i=f){const t=e?.toISOString();return void 0===t?void 0:S(t,r,i)}},58547:(e,r)=>{var i;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.XmlSchema=void 0,function(e){const r=/^[a-z][a-z0-9+\-.]*$/i;e.isAnyURI=function(e){if("string"!=typeof e)return!1;if(0===e.length)return!1;const i=e.indexOf("#");let t=e;if(i>=0){if(e.includes("#",i+1))return!1;t=e.slice(void 0,i)}const n=t.indexOf(":");return!(n>=0&&!r.test(t.slice(void 0,n)))}}(i||(r.XmlSchema=i={}))},63568:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.XmlBaseSerializer=void 0;const t=i(33671),n=i(36134),o=i(39983);class XmlBaseSerializer extends o.BaseSerializer{#N;constructor(e){if(!e.spec.supportsFormat(t.Format.XML))throw new n.UnsupportedFormatError("Spec does not support XML format.");super(),this.#N=e}get normalizerFactory(){return this.#N}_normalize(e,r={}){return this.#N.makeForBom().normalize(e,r)}}r.XmlBaseSerializer=XmlBaseSerializer},86179:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__importDefault||function(e){return e&&e.__esModule?e:{default:e}};Object.defineProperty(r,"__esModule",{value:!0}),r.XmlSerializer=void 0;const n=i(98835),o=t(i(38830)),a=i(98485),s=i(63568);class XmlSerializer extends s.XmlBaseSerializer{_serialize(e,r={}){try{return(0,o.default)(e,r)}catch(e){if(e instanceof n.OptPlugError)throw new a.MissingOptionalDependencyError(e.message,e);throw e}}}r.XmlSerializer=XmlSerializer},61290:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.isSupportedSpdxId=function(e){return n.has(e)},r.fixupSpdxId=function(e){return"string"==typeof e&&e.length>0?o[e.toLowerCase()]:void 0};const t=i(52094),n=new Set(t.enum),o=Object.freeze(Object.fromEntries(t.enum.map(e=>[e.toLowerCase(),e])))},41088:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r._Spec=void 0;const t=i(50320);r._Spec=class _Spec{#e;#x;#z;#D;#R;#O;#T;#B;#E;#F;#M;#I;#G;#w;#k;#_;#V;#H;#U;#j;#W;constructor(e,r,i,t,n,o,a,s,c,l,p,m,u,d,L,y,f,h,S,v,C){this.#e=e,this.#x=new Set(r),this.#z=new Set(i),this.#D=new Set(t),this.#R=n,this.#O=new Set(o),this.#B=a,this.#E=s,this.#F=c,this.#M=l,this.#I=p,this.#T=new Set(m),this.#G=u,this.#w=d,this.#k=L,this.#_=y,this.#V=f,this.#H=h,this.#U=S,this.#j=v,this.#W=C}get version(){return this.#e}supportsFormat(e){return this.#x.has(e)}supportsComponentType(e){return this.#z.has(e)}supportsHashAlgorithm(e){return this.#D.has(e)}supportsHashValue(e){return"string"==typeof e&&this.#R.test(e)}supportsExternalReferenceType(e){return this.#O.has(e)}get supportsDependencyGraph(){return this.#B}get supportsToolReferences(){return this.#E}get requiresComponentVersion(){return this.#F}supportsProperties(e){return 1==(e instanceof t.NamedLicense||e instanceof t.SpdxLicense)?this.#W:this.#M}get supportsVulnerabilities(){return this.#I}supportsVulnerabilityRatingMethod(e){return this.#T.has(e)}get supportsComponentEvidence(){return this.#G}get supportsMetadataLifecycles(){return this.#w}get supportsMetadataLicenses(){return this.#k}get supportsMetadataProperties(){return this.#_}get supportsExternalReferenceHashes(){return this.#V}get supportsLicenseAcknowledgement(){return this.#H}get supportsServices(){return this.#U}get supportsToolsComponentsServices(){return this.#j}}},64641:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.SpecVersionDict=r.Spec1dot7=r.Spec1dot6=r.Spec1dot5=r.Spec1dot4=r.Spec1dot3=r.Spec1dot2=void 0;const t=i(79915),n=i(86408),o=i(12310),a=i(21369),s=i(41088),c=i(33671);r.Spec1dot2=Object.freeze(new s._Spec(c.Version.v1dot2,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.Firmware,t.ComponentType.File],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.Other],!0,!1,!0,!1,!1,[],!1,!1,!1,!1,!1,!1,!0,!1,!1)),r.Spec1dot3=Object.freeze(new s._Spec(c.Version.v1dot3,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.Firmware,t.ComponentType.File],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.Other],!0,!1,!0,!0,!1,[],!0,!1,!0,!0,!0,!1,!0,!1,!1)),r.Spec1dot4=Object.freeze(new s._Spec(c.Version.v1dot4,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.Firmware,t.ComponentType.File],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.ReleaseNotes,n.ExternalReferenceType.Other],!0,!0,!1,!0,!0,[a.RatingMethod.CVSSv2,a.RatingMethod.CVSSv3,a.RatingMethod.CVSSv31,a.RatingMethod.OWASP,a.RatingMethod.Other],!0,!1,!0,!0,!0,!1,!0,!1,!1)),r.Spec1dot5=Object.freeze(new s._Spec(c.Version.v1dot5,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.Platform,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.DeviceDriver,t.ComponentType.Firmware,t.ComponentType.File,t.ComponentType.MachineLearningModel,t.ComponentType.Data],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.DistributionIntake,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.ReleaseNotes,n.ExternalReferenceType.SecurityContact,n.ExternalReferenceType.ModelCard,n.ExternalReferenceType.Log,n.ExternalReferenceType.Configuration,n.ExternalReferenceType.Evidence,n.ExternalReferenceType.Formulation,n.ExternalReferenceType.Attestation,n.ExternalReferenceType.ThreatModel,n.ExternalReferenceType.AdversaryModel,n.ExternalReferenceType.RiskAssessment,n.ExternalReferenceType.VulnerabilityAssertion,n.ExternalReferenceType.ExploitabilityStatement,n.ExternalReferenceType.PentestReport,n.ExternalReferenceType.StaticAnalysisReport,n.ExternalReferenceType.DynamicAnalysisReport,n.ExternalReferenceType.RuntimeAnalysisReport,n.ExternalReferenceType.ComponentAnalysisReport,n.ExternalReferenceType.MaturityReport,n.ExternalReferenceType.CertificationReport,n.ExternalReferenceType.CodifiedInfrastructure,n.ExternalReferenceType.QualityMetrics,n.ExternalReferenceType.POAM,n.ExternalReferenceType.Other],!0,!0,!1,!0,!0,[a.RatingMethod.CVSSv2,a.RatingMethod.CVSSv3,a.RatingMethod.CVSSv31,a.RatingMethod.CVSSv4,a.RatingMethod.OWASP,a.RatingMethod.SSVC,a.RatingMethod.Other],!0,!0,!0,!0,!0,!1,!0,!0,!0)),r.Spec1dot6=Object.freeze(new s._Spec(c.Version.v1dot6,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.Platform,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.DeviceDriver,t.ComponentType.Firmware,t.ComponentType.File,t.ComponentType.MachineLearningModel,t.ComponentType.Data,t.ComponentType.CryptographicAsset],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.SourceDistribution,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.DistributionIntake,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.ReleaseNotes,n.ExternalReferenceType.SecurityContact,n.ExternalReferenceType.ModelCard,n.ExternalReferenceType.Log,n.ExternalReferenceType.Configuration,n.ExternalReferenceType.Evidence,n.ExternalReferenceType.Formulation,n.ExternalReferenceType.Attestation,n.ExternalReferenceType.ThreatModel,n.ExternalReferenceType.AdversaryModel,n.ExternalReferenceType.RiskAssessment,n.ExternalReferenceType.VulnerabilityAssertion,n.ExternalReferenceType.ExploitabilityStatement,n.ExternalReferenceType.PentestReport,n.ExternalReferenceType.StaticAnalysisReport,n.ExternalReferenceType.DynamicAnalysisReport,n.ExternalReferenceType.RuntimeAnalysisReport,n.ExternalReferenceType.ComponentAnalysisReport,n.ExternalReferenceType.MaturityReport,n.ExternalReferenceType.CertificationReport,n.ExternalReferenceType.CodifiedInfrastructure,n.ExternalReferenceType.QualityMetrics,n.ExternalReferenceType.POAM,n.ExternalReferenceType.ElectronicSignature,n.ExternalReferenceType.DigitalSignature,n.ExternalReferenceType.RFC9116,n.ExternalReferenceType.Other],!0,!0,!1,!0,!0,[a.RatingMethod.CVSSv2,a.RatingMethod.CVSSv3,a.RatingMethod.CVSSv31,a.RatingMethod.CVSSv4,a.RatingMethod.OWASP,a.RatingMethod.SSVC,a.RatingMethod.Other],!0,!0,!0,!0,!0,!0,!0,!0,!0)),r.Spec1dot7=Object.freeze(new s._Spec(c.Version.v1dot7,[c.Format.XML,c.Format.JSON],[t.ComponentType.Application,t.ComponentType.Framework,t.ComponentType.Library,t.ComponentType.Container,t.ComponentType.Platform,t.ComponentType.OperatingSystem,t.ComponentType.Device,t.ComponentType.DeviceDriver,t.ComponentType.Firmware,t.ComponentType.File,t.ComponentType.MachineLearningModel,t.ComponentType.Data,t.ComponentType.CryptographicAsset],[o.HashAlgorithm.MD5,o.HashAlgorithm["SHA-1"],o.HashAlgorithm["SHA-256"],o.HashAlgorithm["SHA-384"],o.HashAlgorithm["SHA-512"],o.HashAlgorithm["SHA3-256"],o.HashAlgorithm["SHA3-384"],o.HashAlgorithm["SHA3-512"],o.HashAlgorithm["BLAKE2b-256"],o.HashAlgorithm["BLAKE2b-384"],o.HashAlgorithm["BLAKE2b-512"],o.HashAlgorithm.BLAKE3,o.HashAlgorithm["Streebog-256"],o.HashAlgorithm["Streebog-512"]],/^([a-fA-F0-9]{32})$|^([a-fA-F0-9]{40})$|^([a-fA-F0-9]{64})$|^([a-fA-F0-9]{96})$|^([a-fA-F0-9]{128})$/,[n.ExternalReferenceType.VCS,n.ExternalReferenceType.IssueTracker,n.ExternalReferenceType.Website,n.ExternalReferenceType.Advisories,n.ExternalReferenceType.BOM,n.ExternalReferenceType.MailingList,n.ExternalReferenceType.Social,n.ExternalReferenceType.Chat,n.ExternalReferenceType.Documentation,n.ExternalReferenceType.Support,n.ExternalReferenceType.SourceDistribution,n.ExternalReferenceType.Distribution,n.ExternalReferenceType.DistributionIntake,n.ExternalReferenceType.License,n.ExternalReferenceType.BuildMeta,n.ExternalReferenceType.BuildSystem,n.ExternalReferenceType.ReleaseNotes,n.ExternalReferenceType.SecurityContact,n.ExternalReferenceType.ModelCard,n.ExternalReferenceType.Log,n.ExternalReferenceType.Configuration,n.ExternalReferenceType.Evidence,n.ExternalReferenceType.Formulation,n.ExternalReferenceType.Attestation,n.ExternalReferenceType.ThreatModel,n.ExternalReferenceType.AdversaryModel,n.ExternalReferenceType.RiskAssessment,n.ExternalReferenceType.VulnerabilityAssertion,n.ExternalReferenceType.ExploitabilityStatement,n.ExternalReferenceType.PentestReport,n.ExternalReferenceType.StaticAnalysisReport,n.ExternalReferenceType.DynamicAnalysisReport,n.ExternalReferenceType.RuntimeAnalysisReport,n.ExternalReferenceType.ComponentAnalysisReport,n.ExternalReferenceType.MaturityReport,n.ExternalReferenceType.CertificationReport,n.ExternalReferenceType.CodifiedInfrastructure,n.ExternalReferenceType.QualityMetrics,n.ExternalReferenceType.POAM,n.ExternalReferenceType.ElectronicSignature,n.ExternalReferenceType.DigitalSignature,n.ExternalReferenceType.RFC9116,n.ExternalReferenceType.Citation,n.ExternalReferenceType.Patent,n.ExternalReferenceType.PatentAssertion,n.ExternalReferenceType.PatentFamily,n.ExternalReferenceType.RFC9116,n.ExternalReferenceType.Other],!0,!0,!1,!0,!0,[a.RatingMethod.CVSSv2,a.RatingMethod.CVSSv3,a.RatingMethod.CVSSv31,a.RatingMethod.CVSSv4,a.RatingMethod.OWASP,a.RatingMethod.SSVC,a.RatingMethod.Other],!0,!0,!0,!0,!0,!0,!0,!0,!0)),r.SpecVersionDict=Object.freeze({[c.Version.v1dot7]:r.Spec1dot7,[c.Version.v1dot6]:r.Spec1dot6,[c.Version.v1dot5]:r.Spec1dot5,[c.Version.v1dot4]:r.Spec1dot4,[c.Version.v1dot3]:r.Spec1dot3,[c.Version.v1dot2]:r.Spec1dot2})},33671:(e,r)=>{var i,t;
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.Format=r.Version=void 0,function(e){e.v1dot7="1.7",e.v1dot6="1.6",e.v1dot5="1.5",e.v1dot4="1.4",e.v1dot3="1.3",e.v1dot2="1.2",e.v1dot1="1.1",e.v1dot0="1.0"}(i||(r.Version=i={})),function(e){e.XML="xml",e.JSON="json"}(t||(r.Format=t={}))},36134:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.UnsupportedFormatError=void 0;class UnsupportedFormatError extends Error{}r.UnsupportedFormatError=UnsupportedFormatError},94321:function(e,r,i){
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
var t=this&&this.__createBinding||(Object.create?function(e,r,i,t){void 0===t&&(t=i);var n=Object.getOwnPropertyDescriptor(r,i);n&&!("get"in n?!r.__esModule:n.writable||n.configurable)||(n={enumerable:!0,get:function(){return r[i]}}),Object.defineProperty(e,t,n)}:function(e,r,i,t){void 0===t&&(t=i),e[t]=r[i]}),n=this&&this.__exportStar||function(e,r){for(var i in e)"default"===i||Object.prototype.hasOwnProperty.call(r,i)||t(r,e,i)};Object.defineProperty(r,"__esModule",{value:!0}),n(i(64641),r),n(i(33671),r),n(i(36134),r)},51013:(e,r)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.isCPE=function(e){return"string"==typeof e&&i.test(e)};const i=/^([c][pP][eE]:\/[AHOaho]?(:[A-Za-z0-9\._\-~%]*){0,6})$|^(cpe:2\.3:[aho\*\-](:(((\?*|\*?)([a-zA-Z0-9\-\._]|(\\[\\\*\?!"#$$%&'\(\)\+,\/:;<=>@\[\]\^`\{\|}~]))+(\?*|\*?))|[\*\-])){5}(:(([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?)|[\*\-]))(:(((\?*|\*?)([a-zA-Z0-9\-\._]|(\\[\\\*\?!"#$$%&'\(\)\+,\/:;<=>@\[\]\^`\{\|}~]))+(\?*|\*?))|[\*\-])){4})$/},43198:(e,r,i)=>{
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.CweRepository=void 0,r.isCWE=function(e){return(0,n.isPositiveInteger)(e)};const t=i(40094),n=i(36181);class CweRepository extends t.SortableNumbers{}r.CweRepository=CweRepository},36181:(e,r)=>{function i(e){return Number.isInteger(e)}
/*!
This file is part of CycloneDX JavaScript Library.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

   http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

SPDX-License-Identifier: Apache-2.0
Copyright (c) OWASP Foundation. All Rights Reserved.
*/
Object.defineProperty(r,"__esModule",{value:!0}),r.isInteger=i,r.isNonNegativeInteger=function(e){return i(e)&&e>=0},r.isPositiveInteger=function(e){return i(e)&&e>0}},52094:e=>{e.exports=JSON.parse('{"$schema":"http://json-schema.org/draft-07/schema#","$id":"http://cyclonedx.org/schema/spdx.schema.json","$comment":"v1.1-3.29.0","type":"string","enum":["0BSD","3D-Slicer-1.0","AAL","Abstyles","AdaCore-doc","Adobe-2006","Adobe-Display-PostScript","Adobe-Glyph","Adobe-Utopia","ADSL","Advanced-Cryptics-Dictionary","AFL-1.1","AFL-1.2","AFL-2.0","AFL-2.1","AFL-3.0","Afmparse","AGPL-1.0","AGPL-1.0-only","AGPL-1.0-or-later","AGPL-3.0","AGPL-3.0-only","AGPL-3.0-or-later","Aladdin","ALGLIB-Documentation","AMD-newlib","AMDPLPA","AML","AML-glslang","AMPAS","ANTLR-PD","ANTLR-PD-fallback","any-OSI","any-OSI-perl-modules","Apache-1.0","Apache-1.1","Apache-2.0","APAFML","APL-1.0","App-s2p","APSL-1.0","APSL-1.1","APSL-1.2","APSL-2.0","Arphic-1999","Artistic-1.0","Artistic-1.0-cl8","Artistic-1.0-Perl","Artistic-2.0","Artistic-dist","Aspell-RU","ASWF-Digital-Assets-1.0","ASWF-Digital-Assets-1.1","atc-game","Baekmuk","Bahyph","Barr","bcrypt-Solar-Designer","Beerware","Bitstream-Charter","Bitstream-Vera","BitTorrent-1.0","BitTorrent-1.1","blessing","BlueOak-1.0.0","Boehm-GC","Boehm-GC-without-fee","BOLA-1.1","Borceux","Brian-Gladman-2-Clause","Brian-Gladman-3-Clause","Brian-Gladman-3-Clause-no-conversion","BSD-1-Clause","BSD-2-Clause","BSD-2-Clause-Darwin","BSD-2-Clause-first-lines","BSD-2-Clause-FreeBSD","BSD-2-Clause-NetBSD","BSD-2-Clause-Patent","BSD-2-Clause-pkgconf-disclaimer","BSD-2-Clause-pos-unchanged","BSD-2-Clause-Views","BSD-3-Clause","BSD-3-Clause-acpica","BSD-3-Clause-Attribution","BSD-3-Clause-Clear","BSD-3-Clause-flex","BSD-3-Clause-HP","BSD-3-Clause-LBNL","BSD-3-Clause-Modification","BSD-3-Clause-No-Military-License","BSD-3-Clause-No-Nuclear-License","BSD-3-Clause-No-Nuclear-License-2014","BSD-3-Clause-No-Nuclear-Warranty","BSD-3-Clause-Open-MPI","BSD-3-Clause-OpenWebUI","BSD-3-Clause-Sun","BSD-3-Clause-Tso","BSD-4-Clause","BSD-4-Clause-Shortened","BSD-4-Clause-UC","BSD-4.3RENO","BSD-4.3TAHOE","BSD-Advertising-Acknowledgement","BSD-ask-to-endorse","BSD-Attribution-HPND-disclaimer","BSD-Inferno-Nettverk","BSD-Mark-Modifications","BSD-Protection","BSD-Source-alt-GPL","BSD-Source-beginning-file","BSD-Source-Code","BSD-Source-Code-no-disclaimer","BSD-Systemics","BSD-Systemics-W3Works","BSL-1.0","Buddy","Bugroff","BUSL-1.1","bzip2-1.0.5","bzip2-1.0.6","C-UDA-1.0","CAL-1.0","CAL-1.0-Combined-Work-Exception","Caldera","Caldera-no-preamble","CAPEC-tou","Catharon","CATOSL-1.1","CC-BY-1.0","CC-BY-2.0","CC-BY-2.5","CC-BY-2.5-AU","CC-BY-3.0","CC-BY-3.0-AT","CC-BY-3.0-AU","CC-BY-3.0-DE","CC-BY-3.0-IGO","CC-BY-3.0-NL","CC-BY-3.0-US","CC-BY-4.0","CC-BY-NC-1.0","CC-BY-NC-2.0","CC-BY-NC-2.5","CC-BY-NC-3.0","CC-BY-NC-3.0-DE","CC-BY-NC-3.0-IGO","CC-BY-NC-4.0","CC-BY-NC-ND-1.0","CC-BY-NC-ND-2.0","CC-BY-NC-ND-2.5","CC-BY-NC-ND-3.0","CC-BY-NC-ND-3.0-DE","CC-BY-NC-ND-3.0-IGO","CC-BY-NC-ND-4.0","CC-BY-NC-SA-1.0","CC-BY-NC-SA-2.0","CC-BY-NC-SA-2.0-DE","CC-BY-NC-SA-2.0-FR","CC-BY-NC-SA-2.0-UK","CC-BY-NC-SA-2.5","CC-BY-NC-SA-3.0","CC-BY-NC-SA-3.0-DE","CC-BY-NC-SA-3.0-IGO","CC-BY-NC-SA-4.0","CC-BY-ND-1.0","CC-BY-ND-2.0","CC-BY-ND-2.5","CC-BY-ND-3.0","CC-BY-ND-3.0-DE","CC-BY-ND-4.0","CC-BY-SA-1.0","CC-BY-SA-2.0","CC-BY-SA-2.0-UK","CC-BY-SA-2.1-JP","CC-BY-SA-2.5","CC-BY-SA-3.0","CC-BY-SA-3.0-AT","CC-BY-SA-3.0-DE","CC-BY-SA-3.0-IGO","CC-BY-SA-4.0","CC-PDDC","CC-PDM-1.0","CC-SA-1.0","CC0-1.0","CDDL-1.0","CDDL-1.1","CDL-1.0","CDLA-Permissive-1.0","CDLA-Permissive-2.0","CDLA-Sharing-1.0","CECILL-1.0","CECILL-1.1","CECILL-2.0","CECILL-2.1","CECILL-B","CECILL-C","CERN-OHL-1.1","CERN-OHL-1.2","CERN-OHL-P-2.0","CERN-OHL-S-2.0","CERN-OHL-W-2.0","CFITSIO","check-cvs","checkmk","ClArtistic","Clips","CMU-Mach","CMU-Mach-nodoc","CNRI-Jython","CNRI-Python","CNRI-Python-GPL-Compatible","COIL-1.0","Community-Spec-1.0","Condor-1.1","copyleft-next-0.3.0","copyleft-next-0.3.1","Cornell-Lossless-JPEG","CPAL-1.0","CPL-1.0","CPOL-1.02","Cronyx","Crossword","CryptoSwift","CrystalStacker","CUA-OPL-1.0","Cube","curl","cve-tou","D-FSL-1.0","DEC-3-Clause","diffmark","DL-DE-BY-2.0","DL-DE-ZERO-2.0","DOC","DocBook-DTD","DocBook-Schema","DocBook-Stylesheet","DocBook-XML","Dotseqn","DRL-1.0","DRL-1.1","DSDP","dtoa","dvipdfm","ECL-1.0","ECL-2.0","eCos-2.0","EFL-1.0","EFL-2.0","eGenix","Elastic-2.0","Entessa","EPICS","EPL-1.0","EPL-2.0","ErlPL-1.1","ESA-PL-permissive-2.4","ESA-PL-strong-copyleft-2.4","ESA-PL-weak-copyleft-2.4","etalab-2.0","EUDatagrid","EUPL-1.0","EUPL-1.1","EUPL-1.2","Eurosym","Fair","FBM","FDK-AAC","FDK-MPEG-H","Ferguson-Twofish","Frameworx-1.0","FreeBSD-DOC","FreeImage","FSFAP","FSFAP-no-warranty-disclaimer","FSFUL","FSFULLR","FSFULLRSD","FSFULLRWD","FSL-1.1-ALv2","FSL-1.1-MIT","FTL","Furuseth","fwlw","Game-Programming-Gems","GCR-docs","GD","generic-xts","GFDL-1.1","GFDL-1.1-invariants-only","GFDL-1.1-invariants-or-later","GFDL-1.1-no-invariants-only","GFDL-1.1-no-invariants-or-later","GFDL-1.1-only","GFDL-1.1-or-later","GFDL-1.2","GFDL-1.2-invariants-only","GFDL-1.2-invariants-or-later","GFDL-1.2-no-invariants-only","GFDL-1.2-no-invariants-or-later","GFDL-1.2-only","GFDL-1.2-or-later","GFDL-1.3","GFDL-1.3-invariants-only","GFDL-1.3-invariants-or-later","GFDL-1.3-no-invariants-only","GFDL-1.3-no-invariants-or-later","GFDL-1.3-only","GFDL-1.3-or-later","Giftware","GL2PS","Glide","Glulxe","GLWTPL","gnuplot","GPL-1.0","GPL-1.0+","GPL-1.0-only","GPL-1.0-or-later","GPL-2.0","GPL-2.0+","GPL-2.0-only","GPL-2.0-or-later","GPL-2.0-with-autoconf-exception","GPL-2.0-with-bison-exception","GPL-2.0-with-classpath-exception","GPL-2.0-with-font-exception","GPL-2.0-with-GCC-exception","GPL-3.0","GPL-3.0+","GPL-3.0-only","GPL-3.0-or-later","GPL-3.0-with-autoconf-exception","GPL-3.0-with-GCC-exception","Graphics-Gems","gSOAP-1.3b","gtkbook","Gutmann","HaskellReport","HDF5","hdparm","HIDAPI","Hippocratic-2.1","Hippocratic-3.0-core","HP-1986","HP-1989","HPND","HPND-DEC","HPND-doc","HPND-doc-sell","HPND-export-US","HPND-export-US-acknowledgement","HPND-export-US-modify","HPND-export2-US","HPND-Fenneberg-Livingston","HPND-INRIA-IMAG","HPND-Intel","HPND-Kevlin-Henney","HPND-Markus-Kuhn","HPND-merchantability-variant","HPND-MIT-disclaimer","HPND-Netrek","HPND-Pbmplus","HPND-sell-MIT-disclaimer-xserver","HPND-sell-regexpr","HPND-sell-variant","HPND-sell-variant-critical-systems","HPND-sell-variant-MIT-disclaimer","HPND-sell-variant-MIT-disclaimer-rev","HPND-SMC","HPND-UC","HPND-UC-export-US","HTMLTIDY","hyphen-bulgarian","IBM-pibs","ICU","IEC-Code-Components-EULA","IJG","IJG-short","ImageMagick","iMatix","Imlib2","Info-ZIP","Informatica","Inner-Net-2.0","InnoSetup","Intel","Intel-ACPI","Interbase-1.0","IPA","IPL-1.0","ISC","ISC-Veillard","ISO-permission","Jam","JasPer-2.0","jove","JPL-image","JPNIC","JSON","Kastrup","Kazlib","Knuth-CTAN","LAL-1.2","LAL-1.3","Latex2e","Latex2e-translated-notice","Leptonica","LGPL-2.0","LGPL-2.0+","LGPL-2.0-only","LGPL-2.0-or-later","LGPL-2.1","LGPL-2.1+","LGPL-2.1-only","LGPL-2.1-or-later","LGPL-3.0","LGPL-3.0+","LGPL-3.0-only","LGPL-3.0-or-later","LGPLLR","Libpng","libpng-1.6.35","libpng-2.0","libselinux-1.0","libtiff","libutil-David-Nugent","LiLiQ-P-1.1","LiLiQ-R-1.1","LiLiQ-Rplus-1.1","Linux-man-pages-1-para","Linux-man-pages-copyleft","Linux-man-pages-copyleft-2-para","Linux-man-pages-copyleft-var","Linux-OpenIB","LOOP","LPD-document","LPL-1.0","LPL-1.02","LPPL-1.0","LPPL-1.1","LPPL-1.2","LPPL-1.3a","LPPL-1.3c","lsof","Lucida-Bitmap-Fonts","LZMA-SDK-9.11-to-9.20","LZMA-SDK-9.22","Mackerras-3-Clause","Mackerras-3-Clause-acknowledgment","magaz","mailprio","MakeIndex","man2html","Martin-Birgmeier","McPhee-slideshow","metamail","Minpack","MIPS","MirOS","MIT","MIT-0","MIT-advertising","MIT-Click","MIT-CMU","MIT-enna","MIT-feh","MIT-Festival","MIT-Khronos-old","MIT-Modern-Variant","MIT-open-group","MIT-STK","MIT-testregex","MIT-Wu","MITNFA","MMIXware","MMPL-1.0.1","Motosoto","MPEG-SSG","mpi-permissive","mpich2","MPL-1.0","MPL-1.1","MPL-2.0","MPL-2.0-no-copyleft-exception","mplus","MS-LPL","MS-PL","MS-RL","MTLL","MulanPSL-1.0","MulanPSL-2.0","Multics","Mup","MVT-1.1","NAIST-2003","NASA-1.3","Naumen","NBPL-1.0","NCBI-PD","NCGL-UK-2.0","NCL","NCSA","Net-SNMP","NetCDF","Newsletr","NGPL","ngrep","NICTA-1.0","NIST-PD","NIST-PD-fallback","NIST-PD-TNT","NIST-Software","NLOD-1.0","NLOD-2.0","NLPL","Nokia","NOSL","Noweb","NPL-1.0","NPL-1.1","NPOSL-3.0","NRL","NTIA-PD","NTP","NTP-0","Nunit","O-UDA-1.0","OAR","OCCT-PL","OCLC-2.0","ODbL-1.0","ODC-By-1.0","OFFIS","OFL-1.0","OFL-1.0-no-RFN","OFL-1.0-RFN","OFL-1.1","OFL-1.1-no-RFN","OFL-1.1-RFN","OGC-1.0","OGDL-Taiwan-1.0","OGL-Canada-2.0","OGL-UK-1.0","OGL-UK-2.0","OGL-UK-3.0","OGTSL","OLDAP-1.1","OLDAP-1.2","OLDAP-1.3","OLDAP-1.4","OLDAP-2.0","OLDAP-2.0.1","OLDAP-2.1","OLDAP-2.2","OLDAP-2.2.1","OLDAP-2.2.2","OLDAP-2.3","OLDAP-2.4","OLDAP-2.5","OLDAP-2.6","OLDAP-2.7","OLDAP-2.8","OLFL-1.3","OML","OpenMDW-1.0","OpenPBS-2.3","OpenSSL","OpenSSL-standalone","OpenVision","OPL-1.0","OPL-UK-3.0","OPUBL-1.0","OSC-1.0","OSET-PL-2.1","OSL-1.0","OSL-1.1","OSL-2.0","OSL-2.1","OSL-3.0","OSSP","PADL","ParaType-Free-Font-1.3","Parity-6.0.0","Parity-7.0.0","PDDL-1.0","PHP-3.0","PHP-3.01","Pixar","pkgconf","Plexus","pnmstitch","PolyForm-Noncommercial-1.0.0","PolyForm-Small-Business-1.0.0","PostgreSQL","PPL","PSF-2.0","psfrag","psutils","Python-2.0","Python-2.0.1","python-ldap","Qhull","QPL-1.0","QPL-1.0-INRIA-2004","radvd","Rdisc","RHeCos-1.1","RPL-1.1","RPL-1.5","RPSL-1.0","RSA-MD","RSCPL","Ruby","Ruby-pty","SAX-PD","SAX-PD-2.0","Saxpath","SCEA","SchemeReport","Sendmail","Sendmail-8.23","Sendmail-Open-Source-1.1","SGI-B-1.0","SGI-B-1.1","SGI-B-2.0","SGI-OpenGL","SGMLUG-PM","SGP4","SHL-0.5","SHL-0.51","SimPL-2.0","SISSL","SISSL-1.2","SL","Sleepycat","SMAIL-GPL","SMLNJ","SMPPL","SNIA","snprintf","SOFA","softSurfer","Soundex","Spencer-86","Spencer-94","Spencer-99","SPL-1.0","ssh-keyscan","SSH-OpenSSH","SSH-short","SSLeay-standalone","SSPL-1.0","StandardML-NJ","SugarCRM-1.1.3","SUL-1.0","Sun-PPP","Sun-PPP-2000","SunPro","SWL","swrule","Symlinks","TAPR-OHL-1.0","TCL","TCP-wrappers","TekHVC","TermReadKey","TGPPL-1.0","ThirdEye","threeparttable","TMate","TORQUE-1.1","TOSL","TPDL","TPL-1.0","TrustedQSL","TTWL","TTYP0","TU-Berlin-1.0","TU-Berlin-2.0","Ubuntu-font-1.0","UCAR","UCL-1.0","ulem","UMich-Merit","Unicode-3.0","Unicode-DFS-2015","Unicode-DFS-2016","Unicode-TOU","UnixCrypt","Unlicense","Unlicense-libtelnet","Unlicense-libwhirlpool","UnRAR","UPL-1.0","URT-RLE","Vim","Vixie-Cron","VOSTROM","VSL-1.0","W3C","W3C-19980720","W3C-20150513","w3m","Watcom-1.0","Widget-Workshop","WordNet","Wsuipa","WTFNMFPL","WTFPL","wwl","wxWindows","X11","X11-distribute-modifications-variant","X11-no-permit-persons","X11-swapped","Xdebug-1.03","Xerox","Xfig","XFree86-1.1","xinetd","xkeyboard-config-Zinoviev","xlock","Xnet","xpp","XSkat","xzoom","YPL-1.0","YPL-1.1","Zed","Zeeff","Zend-2.0","Zimbra-1.3","Zimbra-1.4","Zlib","zlib-acknowledgement","ZPL-1.1","ZPL-2.0","ZPL-2.1","389-exception","Asterisk-exception","Asterisk-linking-protocols-exception","Autoconf-exception-2.0","Autoconf-exception-3.0","Autoconf-exception-generic","Autoconf-exception-generic-3.0","Autoconf-exception-macro","Bison-exception-1.24","Bison-exception-2.2","Bootloader-exception","CGAL-linking-exception","Classpath-exception-2.0","Classpath-exception-2.0-short","CLISP-exception-2.0","cryptsetup-OpenSSL-exception","Digia-Qt-LGPL-exception-1.1","DigiRule-FOSS-exception","eCos-exception-2.0","erlang-otp-linking-exception","Fawkes-Runtime-exception","FLTK-exception","fmt-exception","Font-exception-2.0","freertos-exception-2.0","GCC-exception-2.0","GCC-exception-2.0-note","GCC-exception-3.1","Gmsh-exception","GNAT-exception","GNOME-examples-exception","GNU-compiler-exception","gnu-javamail-exception","Google-Patent-WebM","GPL-3.0-389-ds-base-exception","GPL-3.0-interface-exception","GPL-3.0-linking-exception","GPL-3.0-linking-source-exception","GPL-CC-1.0","GStreamer-exception-2005","GStreamer-exception-2008","harbour-exception","i2p-gpl-java-exception","Independent-modules-exception","KiCad-libraries-exception","kvirc-openssl-exception","LGPL-3.0-linking-exception","libpri-OpenH323-exception","Libtool-exception","Linux-syscall-note","LLGPL","LLVM-exception","LZMA-exception","mif-exception","mxml-exception","Nokia-Qt-exception-1.1","OCaml-LGPL-linking-exception","OCCT-exception-1.0","OpenJDK-assembly-exception-1.0","openvpn-openssl-exception","PCRE2-exception","polyparse-exception","PS-or-PDF-font-exception-20170817","QPL-1.0-INRIA-2004-exception","Qt-GPL-exception-1.0","Qt-LGPL-exception-1.1","Qwt-exception-1.0","romic-exception","RRDtool-FLOSS-exception-2.0","rsync-linking-exception","SANE-exception","SHL-2.0","SHL-2.1","Simple-Library-Usage-exception","Spelling-Provider-LGPL-exception","sqlitestudio-OpenSSL-exception","stunnel-exception","SWI-exception","Swift-exception","Texinfo-exception","u-boot-exception-2.0","UBDL-exception","Universal-FOSS-exception-1.0","vsftpd-openssl-exception","WxWindows-exception-3.1","x11vnc-openssl-exception"],"meta:enum":{"0BSD":"BSD Zero Clause License","3D-Slicer-1.0":"3D Slicer License v1.0","AAL":"Attribution Assurance License","Abstyles":"Abstyles License","AdaCore-doc":"AdaCore Doc License","Adobe-2006":"Adobe Systems Incorporated Source Code License Agreement","Adobe-Display-PostScript":"Adobe Display PostScript License","Adobe-Glyph":"Adobe Glyph List License","Adobe-Utopia":"Adobe Utopia Font License","ADSL":"Amazon Digital Services License","Advanced-Cryptics-Dictionary":"Advanced Cryptics Dictionary License","AFL-1.1":"Academic Free License v1.1","AFL-1.2":"Academic Free License v1.2","AFL-2.0":"Academic Free License v2.0","AFL-2.1":"Academic Free License v2.1","AFL-3.0":"Academic Free License v3.0","Afmparse":"Afmparse License","AGPL-1.0":"Affero General Public License v1.0","AGPL-1.0-only":"Affero General Public License v1.0 only","AGPL-1.0-or-later":"Affero General Public License v1.0 or later","AGPL-3.0":"GNU Affero General Public License v3.0","AGPL-3.0-only":"GNU Affero General Public License v3.0 only","AGPL-3.0-or-later":"GNU Affero General Public License v3.0 or later","Aladdin":"Aladdin Free Public License","ALGLIB-Documentation":"ALGLIB Documentation License","AMD-newlib":"AMD newlib License","AMDPLPA":"AMD\'s plpa_map.c License","AML":"Apple MIT License","AML-glslang":"AML glslang variant License","AMPAS":"Academy of Motion Picture Arts and Sciences BSD","ANTLR-PD":"ANTLR Software Rights Notice","ANTLR-PD-fallback":"ANTLR Software Rights Notice with license fallback","any-OSI":"Any OSI License","any-OSI-perl-modules":"Any OSI License - Perl Modules","Apache-1.0":"Apache License 1.0","Apache-1.1":"Apache License 1.1","Apache-2.0":"Apache License 2.0","APAFML":"Adobe Postscript AFM License","APL-1.0":"Adaptive Public License 1.0","App-s2p":"App::s2p License","APSL-1.0":"Apple Public Source License 1.0","APSL-1.1":"Apple Public Source License 1.1","APSL-1.2":"Apple Public Source License 1.2","APSL-2.0":"Apple Public Source License 2.0","Arphic-1999":"Arphic Public License","Artistic-1.0":"Artistic License 1.0","Artistic-1.0-cl8":"Artistic License 1.0 w/clause 8","Artistic-1.0-Perl":"Artistic License 1.0 (Perl)","Artistic-2.0":"Artistic License 2.0","Artistic-dist":"Artistic License 1.0 (dist)","Aspell-RU":"Aspell Russian License","ASWF-Digital-Assets-1.0":"ASWF Digital Assets License version 1.0","ASWF-Digital-Assets-1.1":"ASWF Digital Assets License 1.1","atc-game":"atc Game License","Baekmuk":"Baekmuk License","Bahyph":"Bahyph License","Barr":"Barr License","bcrypt-Solar-Designer":"bcrypt Solar Designer License","Beerware":"Beerware License","Bitstream-Charter":"Bitstream Charter Font License","Bitstream-Vera":"Bitstream Vera Font License","BitTorrent-1.0":"BitTorrent Open Source License v1.0","BitTorrent-1.1":"BitTorrent Open Source License v1.1","blessing":"SQLite Blessing","BlueOak-1.0.0":"Blue Oak Model License 1.0.0","Boehm-GC":"Boehm-Demers-Weiser GC License","Boehm-GC-without-fee":"Boehm-Demers-Weiser GC License (without fee)","BOLA-1.1":"Buena Onda License Agreement v1.1","Borceux":"Borceux license","Brian-Gladman-2-Clause":"Brian Gladman 2-Clause License","Brian-Gladman-3-Clause":"Brian Gladman 3-Clause License","Brian-Gladman-3-Clause-no-conversion":"Brian Gladman 3-Clause License (no conversion clause)","BSD-1-Clause":"BSD 1-Clause License","BSD-2-Clause":"BSD 2-Clause \\"Simplified\\" License","BSD-2-Clause-Darwin":"BSD 2-Clause - Ian Darwin variant","BSD-2-Clause-first-lines":"BSD 2-Clause - first lines requirement","BSD-2-Clause-FreeBSD":"BSD 2-Clause FreeBSD License","BSD-2-Clause-NetBSD":"BSD 2-Clause NetBSD License","BSD-2-Clause-Patent":"BSD-2-Clause Plus Patent License","BSD-2-Clause-pkgconf-disclaimer":"BSD 2-Clause pkgconf disclaimer variant","BSD-2-Clause-pos-unchanged":"BSD 2-Clause - position unchanged variant","BSD-2-Clause-Views":"BSD 2-Clause with views sentence","BSD-3-Clause":"BSD 3-Clause \\"New\\" or \\"Revised\\" License","BSD-3-Clause-acpica":"BSD 3-Clause acpica variant","BSD-3-Clause-Attribution":"BSD with attribution","BSD-3-Clause-Clear":"BSD 3-Clause Clear License","BSD-3-Clause-flex":"BSD 3-Clause Flex variant","BSD-3-Clause-HP":"Hewlett-Packard BSD variant license","BSD-3-Clause-LBNL":"Lawrence Berkeley National Labs BSD variant license","BSD-3-Clause-Modification":"BSD 3-Clause Modification","BSD-3-Clause-No-Military-License":"BSD 3-Clause No Military License","BSD-3-Clause-No-Nuclear-License":"BSD 3-Clause No Nuclear License","BSD-3-Clause-No-Nuclear-License-2014":"BSD 3-Clause No Nuclear License 2014","BSD-3-Clause-No-Nuclear-Warranty":"BSD 3-Clause No Nuclear Warranty","BSD-3-Clause-Open-MPI":"BSD 3-Clause Open MPI variant","BSD-3-Clause-OpenWebUI":"BSD 3-Clause - OpenWebUI variant","BSD-3-Clause-Sun":"BSD 3-Clause Sun Microsystems","BSD-3-Clause-Tso":"BSD 3-Clause Tso variant","BSD-4-Clause":"BSD 4-Clause \\"Original\\" or \\"Old\\" License","BSD-4-Clause-Shortened":"BSD 4 Clause Shortened","BSD-4-Clause-UC":"BSD-4-Clause (University of California-Specific)","BSD-4.3RENO":"BSD 4.3 RENO License","BSD-4.3TAHOE":"BSD 4.3 TAHOE License","BSD-Advertising-Acknowledgement":"BSD Advertising Acknowledgement License","BSD-ask-to-endorse":"BSD - ask to endorse","BSD-Attribution-HPND-disclaimer":"BSD with Attribution and HPND disclaimer","BSD-Inferno-Nettverk":"BSD-Inferno-Nettverk","BSD-Mark-Modifications":"BSD Mark Modifications License","BSD-Protection":"BSD Protection License","BSD-Source-alt-GPL":"BSD Source Code Attribution - GPL alternative","BSD-Source-beginning-file":"BSD Source Code Attribution - beginning of file variant","BSD-Source-Code":"BSD Source Code Attribution","BSD-Source-Code-no-disclaimer":"BSD Source Code Attribution - no disclaimer","BSD-Systemics":"Systemics BSD variant license","BSD-Systemics-W3Works":"Systemics W3Works BSD variant license","BSL-1.0":"Boost Software License 1.0","Buddy":"Buddy License","Bugroff":"Bugroff License","BUSL-1.1":"Business Source License 1.1","bzip2-1.0.5":"bzip2 and libbzip2 License v1.0.5","bzip2-1.0.6":"bzip2 and libbzip2 License v1.0.6","C-UDA-1.0":"Computational Use of Data Agreement v1.0","CAL-1.0":"Cryptographic Autonomy License 1.0","CAL-1.0-Combined-Work-Exception":"Cryptographic Autonomy License 1.0 (Combined Work Exception)","Caldera":"Caldera License","Caldera-no-preamble":"Caldera License (without preamble)","CAPEC-tou":"Common Attack    Pattern Enumeration and Classification License","Catharon":"Catharon License","CATOSL-1.1":"Computer Associates Trusted Open Source License 1.1","CC-BY-1.0":"Creative Commons Attribution 1.0 Generic","CC-BY-2.0":"Creative Commons Attribution 2.0 Generic","CC-BY-2.5":"Creative Commons Attribution 2.5 Generic","CC-BY-2.5-AU":"Creative Commons Attribution 2.5 Australia","CC-BY-3.0":"Creative Commons Attribution 3.0 Unported","CC-BY-3.0-AT":"Creative Commons Attribution 3.0 Austria","CC-BY-3.0-AU":"Creative Commons Attribution 3.0 Australia","CC-BY-3.0-DE":"Creative Commons Attribution 3.0 Germany","CC-BY-3.0-IGO":"Creative Commons Attribution 3.0 IGO","CC-BY-3.0-NL":"Creative Commons Attribution 3.0 Netherlands","CC-BY-3.0-US":"Creative Commons Attribution 3.0 United States","CC-BY-4.0":"Creative Commons Attribution 4.0 International","CC-BY-NC-1.0":"Creative Commons Attribution Non Commercial 1.0 Generic","CC-BY-NC-2.0":"Creative Commons Attribution Non Commercial 2.0 Generic","CC-BY-NC-2.5":"Creative Commons Attribution Non Commercial 2.5 Generic","CC-BY-NC-3.0":"Creative Commons Attribution Non Commercial 3.0 Unported","CC-BY-NC-3.0-DE":"Creative Commons Attribution Non Commercial 3.0 Germany","CC-BY-NC-3.0-IGO":"Creative Commons Attribution Non Commercial 3.0 IGO","CC-BY-NC-4.0":"Creative Commons Attribution Non Commercial 4.0 International","CC-BY-NC-ND-1.0":"Creative Commons Attribution Non Commercial No Derivatives 1.0 Generic","CC-BY-NC-ND-2.0":"Creative Commons Attribution Non Commercial No Derivatives 2.0 Generic","CC-BY-NC-ND-2.5":"Creative Commons Attribution Non Commercial No Derivatives 2.5 Generic","CC-BY-NC-ND-3.0":"Creative Commons Attribution Non Commercial No Derivatives 3.0 Unported","CC-BY-NC-ND-3.0-DE":"Creative Commons Attribution Non Commercial No Derivatives 3.0 Germany","CC-BY-NC-ND-3.0-IGO":"Creative Commons Attribution Non Commercial No Derivatives 3.0 IGO","CC-BY-NC-ND-4.0":"Creative Commons Attribution Non Commercial No Derivatives 4.0 International","CC-BY-NC-SA-1.0":"Creative Commons Attribution Non Commercial Share Alike 1.0 Generic","CC-BY-NC-SA-2.0":"Creative Commons Attribution Non Commercial Share Alike 2.0 Generic","CC-BY-NC-SA-2.0-DE":"Creative Commons Attribution Non Commercial Share Alike 2.0 Germany","CC-BY-NC-SA-2.0-FR":"Creative Commons Attribution-NonCommercial-ShareAlike 2.0 France","CC-BY-NC-SA-2.0-UK":"Creative Commons Attribution Non Commercial Share Alike 2.0 England and Wales","CC-BY-NC-SA-2.5":"Creative Commons Attribution Non Commercial Share Alike 2.5 Generic","CC-BY-NC-SA-3.0":"Creative Commons Attribution Non Commercial Share Alike 3.0 Unported","CC-BY-NC-SA-3.0-DE":"Creative Commons Attribution Non Commercial Share Alike 3.0 Germany","CC-BY-NC-SA-3.0-IGO":"Creative Commons Attribution Non Commercial Share Alike 3.0 IGO","CC-BY-NC-SA-4.0":"Creative Commons Attribution Non Commercial Share Alike 4.0 International","CC-BY-ND-1.0":"Creative Commons Attribution No Derivatives 1.0 Generic","CC-BY-ND-2.0":"Creative Commons Attribution No Derivatives 2.0 Generic","CC-BY-ND-2.5":"Creative Commons Attribution No Derivatives 2.5 Generic","CC-BY-ND-3.0":"Creative Commons Attribution No Derivatives 3.0 Unported","CC-BY-ND-3.0-DE":"Creative Commons Attribution No Derivatives 3.0 Germany","CC-BY-ND-4.0":"Creative Commons Attribution No Derivatives 4.0 International","CC-BY-SA-1.0":"Creative Commons Attribution Share Alike 1.0 Generic","CC-BY-SA-2.0":"Creative Commons Attribution Share Alike 2.0 Generic","CC-BY-SA-2.0-UK":"Creative Commons Attribution Share Alike 2.0 England and Wales","CC-BY-SA-2.1-JP":"Creative Commons Attribution Share Alike 2.1 Japan","CC-BY-SA-2.5":"Creative Commons Attribution Share Alike 2.5 Generic","CC-BY-SA-3.0":"Creative Commons Attribution Share Alike 3.0 Unported","CC-BY-SA-3.0-AT":"Creative Commons Attribution Share Alike 3.0 Austria","CC-BY-SA-3.0-DE":"Creative Commons Attribution Share Alike 3.0 Germany","CC-BY-SA-3.0-IGO":"Creative Commons Attribution-ShareAlike 3.0 IGO","CC-BY-SA-4.0":"Creative Commons Attribution Share Alike 4.0 International","CC-PDDC":"Creative Commons Public Domain Dedication and Certification","CC-PDM-1.0":"Creative    Commons Public Domain Mark 1.0 Universal","CC-SA-1.0":"Creative Commons Share Alike 1.0 Generic","CC0-1.0":"Creative Commons Zero v1.0 Universal","CDDL-1.0":"Common Development and Distribution License 1.0","CDDL-1.1":"Common Development and Distribution License 1.1","CDL-1.0":"Common Documentation License 1.0","CDLA-Permissive-1.0":"Community Data License Agreement Permissive 1.0","CDLA-Permissive-2.0":"Community Data License Agreement Permissive 2.0","CDLA-Sharing-1.0":"Community Data License Agreement Sharing 1.0","CECILL-1.0":"CeCILL Free Software License Agreement v1.0","CECILL-1.1":"CeCILL Free Software License Agreement v1.1","CECILL-2.0":"CeCILL Free Software License Agreement v2.0","CECILL-2.1":"CeCILL Free Software License Agreement v2.1","CECILL-B":"CeCILL-B Free Software License Agreement","CECILL-C":"CeCILL-C Free Software License Agreement","CERN-OHL-1.1":"CERN Open Hardware Licence v1.1","CERN-OHL-1.2":"CERN Open Hardware Licence v1.2","CERN-OHL-P-2.0":"CERN Open Hardware Licence Version 2 - Permissive","CERN-OHL-S-2.0":"CERN Open Hardware Licence Version 2 - Strongly Reciprocal","CERN-OHL-W-2.0":"CERN Open Hardware Licence Version 2 - Weakly Reciprocal","CFITSIO":"CFITSIO License","check-cvs":"check-cvs License","checkmk":"Checkmk License","ClArtistic":"Clarified Artistic License","Clips":"Clips License","CMU-Mach":"CMU Mach License","CMU-Mach-nodoc":"CMU    Mach - no notices-in-documentation variant","CNRI-Jython":"CNRI Jython License","CNRI-Python":"CNRI Python License","CNRI-Python-GPL-Compatible":"CNRI Python Open Source GPL Compatible License Agreement","COIL-1.0":"Copyfree Open Innovation License","Community-Spec-1.0":"Community Specification License 1.0","Condor-1.1":"Condor Public License v1.1","copyleft-next-0.3.0":"copyleft-next 0.3.0","copyleft-next-0.3.1":"copyleft-next 0.3.1","Cornell-Lossless-JPEG":"Cornell Lossless JPEG License","CPAL-1.0":"Common Public Attribution License 1.0","CPL-1.0":"Common Public License 1.0","CPOL-1.02":"Code Project Open License 1.02","Cronyx":"Cronyx License","Crossword":"Crossword License","CryptoSwift":"CryptoSwift License","CrystalStacker":"CrystalStacker License","CUA-OPL-1.0":"CUA Office Public License v1.0","Cube":"Cube License","curl":"curl License","cve-tou":"Common Vulnerability Enumeration ToU License","D-FSL-1.0":"Deutsche Freie Software Lizenz","DEC-3-Clause":"DEC 3-Clause License","diffmark":"diffmark license","DL-DE-BY-2.0":"Data licence Germany – attribution – version 2.0","DL-DE-ZERO-2.0":"Data licence Germany – zero – version 2.0","DOC":"DOC License","DocBook-DTD":"DocBook DTD License","DocBook-Schema":"DocBook Schema License","DocBook-Stylesheet":"DocBook Stylesheet License","DocBook-XML":"DocBook XML License","Dotseqn":"Dotseqn License","DRL-1.0":"Detection Rule License 1.0","DRL-1.1":"Detection Rule License 1.1","DSDP":"DSDP License","dtoa":"David M. Gay dtoa License","dvipdfm":"dvipdfm License","ECL-1.0":"Educational Community License v1.0","ECL-2.0":"Educational Community License v2.0","eCos-2.0":"eCos license version 2.0","EFL-1.0":"Eiffel Forum License v1.0","EFL-2.0":"Eiffel Forum License v2.0","eGenix":"eGenix.com Public License 1.1.0","Elastic-2.0":"Elastic License 2.0","Entessa":"Entessa Public License v1.0","EPICS":"EPICS Open License","EPL-1.0":"Eclipse Public License 1.0","EPL-2.0":"Eclipse Public License 2.0","ErlPL-1.1":"Erlang Public License v1.1","ESA-PL-permissive-2.4":"European Space Agency Public License – v2.4 – Permissive (Type 3)","ESA-PL-strong-copyleft-2.4":"European Space Agency Public License (ESA-PL) - V2.4 - Strong Copyleft (Type 1)","ESA-PL-weak-copyleft-2.4":"European Space Agency Public License – v2.4 – Weak Copyleft (Type 2)","etalab-2.0":"Etalab Open License 2.0","EUDatagrid":"EU DataGrid Software License","EUPL-1.0":"European Union Public License 1.0","EUPL-1.1":"European Union Public License 1.1","EUPL-1.2":"European Union Public License 1.2","Eurosym":"Eurosym License","Fair":"Fair License","FBM":"Fuzzy Bitmap License","FDK-AAC":"Fraunhofer FDK AAC Codec Library","FDK-MPEG-H":"Fraunhofer FDK MPEG-H Software","Ferguson-Twofish":"Ferguson Twofish License","Frameworx-1.0":"Frameworx Open License 1.0","FreeBSD-DOC":"FreeBSD Documentation License","FreeImage":"FreeImage Public License v1.0","FSFAP":"FSF All Permissive License","FSFAP-no-warranty-disclaimer":"FSF All Permissive License (without Warranty)","FSFUL":"FSF Unlimited License","FSFULLR":"FSF Unlimited License (with License Retention)","FSFULLRSD":"FSF Unlimited License (with License Retention and Short Disclaimer)","FSFULLRWD":"FSF Unlimited License (With License Retention and Warranty Disclaimer)","FSL-1.1-ALv2":"Functional Source License, Version 1.1, ALv2 Future License","FSL-1.1-MIT":"Functional Source License, Version 1.1, MIT Future License","FTL":"Freetype Project License","Furuseth":"Furuseth License","fwlw":"fwlw License","Game-Programming-Gems":"Game Programming Gems License","GCR-docs":"Gnome GCR Documentation License","GD":"GD License","generic-xts":"Generic XTS License","GFDL-1.1":"GNU Free Documentation License v1.1","GFDL-1.1-invariants-only":"GNU Free Documentation License v1.1 only - invariants","GFDL-1.1-invariants-or-later":"GNU Free Documentation License v1.1 or later - invariants","GFDL-1.1-no-invariants-only":"GNU Free Documentation License v1.1 only - no invariants","GFDL-1.1-no-invariants-or-later":"GNU Free Documentation License v1.1 or later - no invariants","GFDL-1.1-only":"GNU Free Documentation License v1.1 only","GFDL-1.1-or-later":"GNU Free Documentation License v1.1 or later","GFDL-1.2":"GNU Free Documentation License v1.2","GFDL-1.2-invariants-only":"GNU Free Documentation License v1.2 only - invariants","GFDL-1.2-invariants-or-later":"GNU Free Documentation License v1.2 or later - invariants","GFDL-1.2-no-invariants-only":"GNU Free Documentation License v1.2 only - no invariants","GFDL-1.2-no-invariants-or-later":"GNU Free Documentation License v1.2 or later - no invariants","GFDL-1.2-only":"GNU Free Documentation License v1.2 only","GFDL-1.2-or-later":"GNU Free Documentation License v1.2 or later","GFDL-1.3":"GNU Free Documentation License v1.3","GFDL-1.3-invariants-only":"GNU Free Documentation License v1.3 only - invariants","GFDL-1.3-invariants-or-later":"GNU Free Documentation License v1.3 or later - invariants","GFDL-1.3-no-invariants-only":"GNU Free Documentation License v1.3 only - no invariants","GFDL-1.3-no-invariants-or-later":"GNU Free Documentation License v1.3 or later - no invariants","GFDL-1.3-only":"GNU Free Documentation License v1.3 only","GFDL-1.3-or-later":"GNU Free Documentation License v1.3 or later","Giftware":"Giftware License","GL2PS":"GL2PS License","Glide":"3dfx Glide License","Glulxe":"Glulxe License","GLWTPL":"Good Luck With That Public License","gnuplot":"gnuplot License","GPL-1.0":"GNU General Public License v1.0 only","GPL-1.0+":"GNU General Public License v1.0 or later","GPL-1.0-only":"GNU General Public License v1.0 only","GPL-1.0-or-later":"GNU General Public License v1.0 or later","GPL-2.0":"GNU General Public License v2.0 only","GPL-2.0+":"GNU General Public License v2.0 or later","GPL-2.0-only":"GNU General Public License v2.0 only","GPL-2.0-or-later":"GNU General Public License v2.0 or later","GPL-2.0-with-autoconf-exception":"GNU General Public License v2.0 w/Autoconf exception","GPL-2.0-with-bison-exception":"GNU General Public License v2.0 w/Bison exception","GPL-2.0-with-classpath-exception":"GNU General Public License v2.0 w/Classpath exception","GPL-2.0-with-font-exception":"GNU General Public License v2.0 w/Font exception","GPL-2.0-with-GCC-exception":"GNU General Public License v2.0 w/GCC Runtime Library exception","GPL-3.0":"GNU General Public License v3.0 only","GPL-3.0+":"GNU General Public License v3.0 or later","GPL-3.0-only":"GNU General Public License v3.0 only","GPL-3.0-or-later":"GNU General Public License v3.0 or later","GPL-3.0-with-autoconf-exception":"GNU General Public License v3.0 w/Autoconf exception","GPL-3.0-with-GCC-exception":"GNU General Public License v3.0 w/GCC Runtime Library exception","Graphics-Gems":"Graphics Gems License","gSOAP-1.3b":"gSOAP Public License v1.3b","gtkbook":"gtkbook License","Gutmann":"Gutmann License","HaskellReport":"Haskell Language Report License","HDF5":"HDF5 License","hdparm":"hdparm License","HIDAPI":"HIDAPI License","Hippocratic-2.1":"Hippocratic License 2.1","Hippocratic-3.0-core":"Hippocratic License 3.0","HP-1986":"Hewlett-Packard 1986 License","HP-1989":"Hewlett-Packard 1989 License","HPND":"Historical Permission Notice and Disclaimer","HPND-DEC":"Historical Permission Notice and Disclaimer - DEC variant","HPND-doc":"Historical Permission Notice and Disclaimer - documentation variant","HPND-doc-sell":"Historical Permission Notice and Disclaimer - documentation sell variant","HPND-export-US":"HPND with US Government export control warning","HPND-export-US-acknowledgement":"HPND with US Government export control warning and acknowledgment","HPND-export-US-modify":"HPND with US Government export control warning and modification rqmt","HPND-export2-US":"HPND with US Government export control and 2 disclaimers","HPND-Fenneberg-Livingston":"Historical Permission Notice and Disclaimer - Fenneberg-Livingston variant","HPND-INRIA-IMAG":"Historical Permission Notice and Disclaimer    - INRIA-IMAG variant","HPND-Intel":"Historical Permission Notice and Disclaimer - Intel variant","HPND-Kevlin-Henney":"Historical Permission Notice and Disclaimer - Kevlin Henney variant","HPND-Markus-Kuhn":"Historical Permission Notice and Disclaimer - Markus Kuhn variant","HPND-merchantability-variant":"Historical Permission Notice and Disclaimer - merchantability variant","HPND-MIT-disclaimer":"Historical Permission Notice and Disclaimer with MIT disclaimer","HPND-Netrek":"Historical Permission Notice and Disclaimer - Netrek variant","HPND-Pbmplus":"Historical Permission Notice and Disclaimer - Pbmplus variant","HPND-sell-MIT-disclaimer-xserver":"Historical Permission Notice and Disclaimer - sell xserver variant with MIT disclaimer","HPND-sell-regexpr":"Historical Permission Notice and Disclaimer - sell regexpr variant","HPND-sell-variant":"Historical Permission Notice and Disclaimer - sell variant","HPND-sell-variant-critical-systems":"HPND - sell variant with safety critical systems clause","HPND-sell-variant-MIT-disclaimer":"HPND sell variant with MIT disclaimer","HPND-sell-variant-MIT-disclaimer-rev":"HPND sell variant with MIT disclaimer - reverse","HPND-SMC":"Historical Permission Notice and Disclaimer - SMC variant","HPND-UC":"Historical Permission Notice and Disclaimer - University of California variant","HPND-UC-export-US":"Historical Permission Notice and Disclaimer - University of California, US export warning","HTMLTIDY":"HTML Tidy License","hyphen-bulgarian":"hyphen-bulgarian License","IBM-pibs":"IBM PowerPC Initialization and Boot Software","ICU":"ICU License","IEC-Code-Components-EULA":"IEC    Code Components End-user licence agreement","IJG":"Independent JPEG Group License","IJG-short":"Independent JPEG Group License - short","ImageMagick":"ImageMagick License","iMatix":"iMatix Standard Function Library Agreement","Imlib2":"Imlib2 License","Info-ZIP":"Info-ZIP License","Informatica":"Informatica License","Inner-Net-2.0":"Inner Net License v2.0","InnoSetup":"Inno Setup License","Intel":"Intel Open Source License","Intel-ACPI":"Intel ACPI Software License Agreement","Interbase-1.0":"Interbase Public License v1.0","IPA":"IPA Font License","IPL-1.0":"IBM Public License v1.0","ISC":"ISC License","ISC-Veillard":"ISC Veillard variant","ISO-permission":"ISO permission notice","Jam":"Jam License","JasPer-2.0":"JasPer License","jove":"Jove License","JPL-image":"JPL Image Use Policy","JPNIC":"Japan Network Information Center License","JSON":"JSON License","Kastrup":"Kastrup License","Kazlib":"Kazlib License","Knuth-CTAN":"Knuth CTAN License","LAL-1.2":"Licence Art Libre 1.2","LAL-1.3":"Licence Art Libre 1.3","Latex2e":"Latex2e License","Latex2e-translated-notice":"Latex2e with translated notice permission","Leptonica":"Leptonica License","LGPL-2.0":"GNU Library General Public License v2 only","LGPL-2.0+":"GNU Library General Public License v2 or later","LGPL-2.0-only":"GNU Library General Public License v2 only","LGPL-2.0-or-later":"GNU Library General Public License v2 or later","LGPL-2.1":"GNU Lesser General Public License v2.1 only","LGPL-2.1+":"GNU Lesser General Public License v2.1 or later","LGPL-2.1-only":"GNU Lesser General Public License v2.1 only","LGPL-2.1-or-later":"GNU Lesser General Public License v2.1 or later","LGPL-3.0":"GNU Lesser General Public License v3.0 only","LGPL-3.0+":"GNU Lesser General Public License v3.0 or later","LGPL-3.0-only":"GNU Lesser General Public License v3.0 only","LGPL-3.0-or-later":"GNU Lesser General Public License v3.0 or later","LGPLLR":"Lesser General Public License For Linguistic Resources","Libpng":"libpng License","libpng-1.6.35":"PNG Reference Library License v1 (for libpng 0.5 through 1.6.35)","libpng-2.0":"PNG Reference Library version 2","libselinux-1.0":"libselinux public domain notice","libtiff":"libtiff License","libutil-David-Nugent":"libutil David Nugent License","LiLiQ-P-1.1":"Licence Libre du Québec – Permissive version 1.1","LiLiQ-R-1.1":"Licence Libre du Québec – Réciprocité version 1.1","LiLiQ-Rplus-1.1":"Licence Libre du Québec – Réciprocité forte version 1.1","Linux-man-pages-1-para":"Linux man-pages - 1 paragraph","Linux-man-pages-copyleft":"Linux man-pages Copyleft","Linux-man-pages-copyleft-2-para":"Linux man-pages Copyleft - 2 paragraphs","Linux-man-pages-copyleft-var":"Linux man-pages Copyleft Variant","Linux-OpenIB":"Linux Kernel Variant of OpenIB.org license","LOOP":"Common Lisp LOOP License","LPD-document":"LPD Documentation License","LPL-1.0":"Lucent Public License Version 1.0","LPL-1.02":"Lucent Public License v1.02","LPPL-1.0":"LaTeX Project Public License v1.0","LPPL-1.1":"LaTeX Project Public License v1.1","LPPL-1.2":"LaTeX Project Public License v1.2","LPPL-1.3a":"LaTeX Project Public License v1.3a","LPPL-1.3c":"LaTeX Project Public License v1.3c","lsof":"lsof License","Lucida-Bitmap-Fonts":"Lucida Bitmap Fonts License","LZMA-SDK-9.11-to-9.20":"LZMA SDK License (versions 9.11 to 9.20)","LZMA-SDK-9.22":"LZMA SDK License (versions 9.22 and beyond)","Mackerras-3-Clause":"Mackerras 3-Clause License","Mackerras-3-Clause-acknowledgment":"Mackerras 3-Clause - acknowledgment variant","magaz":"magaz License","mailprio":"mailprio License","MakeIndex":"MakeIndex License","man2html":"man2html License","Martin-Birgmeier":"Martin Birgmeier License","McPhee-slideshow":"McPhee Slideshow License","metamail":"metamail License","Minpack":"Minpack License","MIPS":"MIPS License","MirOS":"The MirOS Licence","MIT":"MIT License","MIT-0":"MIT No Attribution","MIT-advertising":"Enlightenment License (e16)","MIT-Click":"MIT Click License","MIT-CMU":"CMU License","MIT-enna":"enna License","MIT-feh":"feh License","MIT-Festival":"MIT Festival Variant","MIT-Khronos-old":"MIT Khronos - old variant","MIT-Modern-Variant":"MIT License Modern Variant","MIT-open-group":"MIT Open Group variant","MIT-STK":"MIT-STK License","MIT-testregex":"MIT testregex Variant","MIT-Wu":"MIT Tom Wu Variant","MITNFA":"MIT +no-false-attribs license","MMIXware":"MMIXware License","MMPL-1.0.1":"Minecraft Mod Public License v1.0.1","Motosoto":"Motosoto License","MPEG-SSG":"MPEG Software Simulation","mpi-permissive":"mpi Permissive License","mpich2":"mpich2 License","MPL-1.0":"Mozilla Public License 1.0","MPL-1.1":"Mozilla Public License 1.1","MPL-2.0":"Mozilla Public License 2.0","MPL-2.0-no-copyleft-exception":"Mozilla Public License 2.0 (no copyleft exception)","mplus":"mplus Font License","MS-LPL":"Microsoft Limited Public License","MS-PL":"Microsoft Public License","MS-RL":"Microsoft Reciprocal License","MTLL":"Matrix Template Library License","MulanPSL-1.0":"Mulan Permissive Software License, Version 1","MulanPSL-2.0":"Mulan Permissive Software License, Version 2","Multics":"Multics License","Mup":"Mup License","MVT-1.1":"MVT License 1.1","NAIST-2003":"Nara Institute of Science and Technology License (2003)","NASA-1.3":"NASA Open Source Agreement 1.3","Naumen":"Naumen Public License","NBPL-1.0":"Net Boolean Public License v1","NCBI-PD":"NCBI Public Domain Notice","NCGL-UK-2.0":"Non-Commercial Government Licence","NCL":"NCL Source Code License","NCSA":"University of Illinois/NCSA Open Source License","Net-SNMP":"Net-SNMP License","NetCDF":"NetCDF license","Newsletr":"Newsletr License","NGPL":"Nethack General Public License","ngrep":"ngrep License","NICTA-1.0":"NICTA Public Software License, Version 1.0","NIST-PD":"NIST Public Domain Notice","NIST-PD-fallback":"NIST Public Domain Notice with license fallback","NIST-PD-TNT":"NIST    Public Domain Notice TNT variant","NIST-Software":"NIST Software License","NLOD-1.0":"Norwegian Licence for Open Government Data (NLOD) 1.0","NLOD-2.0":"Norwegian Licence for Open Government Data (NLOD) 2.0","NLPL":"No Limit Public License","Nokia":"Nokia Open Source License","NOSL":"Netizen Open Source License","Noweb":"Noweb License","NPL-1.0":"Netscape Public License v1.0","NPL-1.1":"Netscape Public License v1.1","NPOSL-3.0":"Non-Profit Open Software License 3.0","NRL":"NRL License","NTIA-PD":"NTIA Public Domain Notice","NTP":"NTP License","NTP-0":"NTP No Attribution","Nunit":"Nunit License","O-UDA-1.0":"Open Use of Data Agreement v1.0","OAR":"OAR License","OCCT-PL":"Open CASCADE Technology Public License","OCLC-2.0":"OCLC Research Public License 2.0","ODbL-1.0":"Open Data Commons Open Database License v1.0","ODC-By-1.0":"Open Data Commons Attribution License v1.0","OFFIS":"OFFIS License","OFL-1.0":"SIL Open Font License 1.0","OFL-1.0-no-RFN":"SIL Open Font License 1.0 with no Reserved Font Name","OFL-1.0-RFN":"SIL Open Font License 1.0 with Reserved Font Name","OFL-1.1":"SIL Open Font License 1.1","OFL-1.1-no-RFN":"SIL Open Font License 1.1 with no Reserved Font Name","OFL-1.1-RFN":"SIL Open Font License 1.1 with Reserved Font Name","OGC-1.0":"OGC Software License, Version 1.0","OGDL-Taiwan-1.0":"Taiwan Open Government Data License, version 1.0","OGL-Canada-2.0":"Open Government Licence - Canada","OGL-UK-1.0":"Open Government Licence v1.0","OGL-UK-2.0":"Open Government Licence v2.0","OGL-UK-3.0":"Open Government Licence v3.0","OGTSL":"Open Group Test Suite License","OLDAP-1.1":"Open LDAP Public License v1.1","OLDAP-1.2":"Open LDAP Public License v1.2","OLDAP-1.3":"Open LDAP Public License v1.3","OLDAP-1.4":"Open LDAP Public License v1.4","OLDAP-2.0":"Open LDAP Public License v2.0 (or possibly 2.0A and 2.0B)","OLDAP-2.0.1":"Open LDAP Public License v2.0.1","OLDAP-2.1":"Open LDAP Public License v2.1","OLDAP-2.2":"Open LDAP Public License v2.2","OLDAP-2.2.1":"Open LDAP Public License v2.2.1","OLDAP-2.2.2":"Open LDAP Public License 2.2.2","OLDAP-2.3":"Open LDAP Public License v2.3","OLDAP-2.4":"Open LDAP Public License v2.4","OLDAP-2.5":"Open LDAP Public License v2.5","OLDAP-2.6":"Open LDAP Public License v2.6","OLDAP-2.7":"Open LDAP Public License v2.7","OLDAP-2.8":"Open LDAP Public License v2.8","OLFL-1.3":"Open Logistics Foundation License Version 1.3","OML":"Open Market License","OpenMDW-1.0":"OpenMDW License Agreement v1.0","OpenPBS-2.3":"OpenPBS v2.3 Software License","OpenSSL":"OpenSSL License","OpenSSL-standalone":"OpenSSL License - standalone","OpenVision":"OpenVision License","OPL-1.0":"Open Public License v1.0","OPL-UK-3.0":"United    Kingdom Open Parliament Licence v3.0","OPUBL-1.0":"Open Publication License v1.0","OSC-1.0":"OSC License 1.0","OSET-PL-2.1":"OSET Public License version 2.1","OSL-1.0":"Open Software License 1.0","OSL-1.1":"Open Software License 1.1","OSL-2.0":"Open Software License 2.0","OSL-2.1":"Open Software License 2.1","OSL-3.0":"Open Software License 3.0","OSSP":"OSSP License","PADL":"PADL License","ParaType-Free-Font-1.3":"ParaType Free Font Licensing Agreement v1.3","Parity-6.0.0":"The Parity Public License 6.0.0","Parity-7.0.0":"The Parity Public License 7.0.0","PDDL-1.0":"Open Data Commons Public Domain Dedication & License 1.0","PHP-3.0":"PHP License v3.0","PHP-3.01":"PHP License v3.01","Pixar":"Pixar License","pkgconf":"pkgconf License","Plexus":"Plexus Classworlds License","pnmstitch":"pnmstitch License","PolyForm-Noncommercial-1.0.0":"PolyForm Noncommercial License 1.0.0","PolyForm-Small-Business-1.0.0":"PolyForm Small Business License 1.0.0","PostgreSQL":"PostgreSQL License","PPL":"Peer Production License","PSF-2.0":"Python Software Foundation License 2.0","psfrag":"psfrag License","psutils":"psutils License","Python-2.0":"Python License 2.0","Python-2.0.1":"Python License 2.0.1","python-ldap":"Python ldap License","Qhull":"Qhull License","QPL-1.0":"Q Public License 1.0","QPL-1.0-INRIA-2004":"Q Public License 1.0 - INRIA 2004 variant","radvd":"radvd License","Rdisc":"Rdisc License","RHeCos-1.1":"Red Hat eCos Public License v1.1","RPL-1.1":"Reciprocal Public License 1.1","RPL-1.5":"Reciprocal Public License 1.5","RPSL-1.0":"RealNetworks Public Source License v1.0","RSA-MD":"RSA Message-Digest License","RSCPL":"Ricoh Source Code Public License","Ruby":"Ruby License","Ruby-pty":"Ruby pty extension license","SAX-PD":"Sax Public Domain Notice","SAX-PD-2.0":"Sax Public Domain Notice 2.0","Saxpath":"Saxpath License","SCEA":"SCEA Shared Source License","SchemeReport":"Scheme Language Report License","Sendmail":"Sendmail License","Sendmail-8.23":"Sendmail License 8.23","Sendmail-Open-Source-1.1":"Sendmail Open Source License v1.1","SGI-B-1.0":"SGI Free Software License B v1.0","SGI-B-1.1":"SGI Free Software License B v1.1","SGI-B-2.0":"SGI Free Software License B v2.0","SGI-OpenGL":"SGI OpenGL License","SGMLUG-PM":"SGMLUG Parser Materials License","SGP4":"SGP4 Permission Notice","SHL-0.5":"Solderpad Hardware License v0.5","SHL-0.51":"Solderpad Hardware License, Version 0.51","SimPL-2.0":"Simple Public License 2.0","SISSL":"Sun Industry Standards Source License v1.1","SISSL-1.2":"Sun Industry Standards Source License v1.2","SL":"SL License","Sleepycat":"Sleepycat License","SMAIL-GPL":"SMAIL General Public License","SMLNJ":"Standard ML of New Jersey License","SMPPL":"Secure Messaging Protocol Public License","SNIA":"SNIA Public License 1.1","snprintf":"snprintf License","SOFA":"SOFA Software License","softSurfer":"softSurfer License","Soundex":"Soundex License","Spencer-86":"Spencer License 86","Spencer-94":"Spencer License 94","Spencer-99":"Spencer License 99","SPL-1.0":"Sun Public License v1.0","ssh-keyscan":"ssh-keyscan License","SSH-OpenSSH":"SSH OpenSSH license","SSH-short":"SSH short notice","SSLeay-standalone":"SSLeay License - standalone","SSPL-1.0":"Server Side Public License, v 1","StandardML-NJ":"Standard ML of New Jersey License","SugarCRM-1.1.3":"SugarCRM Public License v1.1.3","SUL-1.0":"Sustainable Use License v1.0","Sun-PPP":"Sun PPP License","Sun-PPP-2000":"Sun PPP License (2000)","SunPro":"SunPro License","SWL":"Scheme Widget Library (SWL) Software License Agreement","swrule":"swrule License","Symlinks":"Symlinks License","TAPR-OHL-1.0":"TAPR Open Hardware License v1.0","TCL":"TCL/TK License","TCP-wrappers":"TCP Wrappers License","TekHVC":"TekHVC License","TermReadKey":"TermReadKey License","TGPPL-1.0":"Transitive Grace Period Public Licence 1.0","ThirdEye":"ThirdEye License","threeparttable":"threeparttable License","TMate":"TMate Open Source License","TORQUE-1.1":"TORQUE v2.5+ Software License v1.1","TOSL":"Trusster Open Source License","TPDL":"Time::ParseDate License","TPL-1.0":"THOR Public License 1.0","TrustedQSL":"TrustedQSL License","TTWL":"Text-Tabs+Wrap License","TTYP0":"TTYP0 License","TU-Berlin-1.0":"Technische Universitaet Berlin License 1.0","TU-Berlin-2.0":"Technische Universitaet Berlin License 2.0","Ubuntu-font-1.0":"Ubuntu Font Licence v1.0","UCAR":"UCAR License","UCL-1.0":"Upstream Compatibility License v1.0","ulem":"ulem License","UMich-Merit":"Michigan/Merit Networks License","Unicode-3.0":"Unicode License v3","Unicode-DFS-2015":"Unicode License Agreement - Data Files and Software (2015)","Unicode-DFS-2016":"Unicode License Agreement - Data Files and Software (2016)","Unicode-TOU":"Unicode Terms of Use","UnixCrypt":"UnixCrypt License","Unlicense":"The Unlicense","Unlicense-libtelnet":"Unlicense - libtelnet variant","Unlicense-libwhirlpool":"Unlicense - libwhirlpool variant","UnRAR":"UnRAR License","UPL-1.0":"Universal Permissive License v1.0","URT-RLE":"Utah Raster Toolkit Run Length Encoded License","Vim":"Vim License","Vixie-Cron":"Vixie Cron License","VOSTROM":"VOSTROM Public License for Open Source","VSL-1.0":"Vovida Software License v1.0","W3C":"W3C Software Notice and License (2002-12-31)","W3C-19980720":"W3C Software Notice and License (1998-07-20)","W3C-20150513":"W3C Software Notice and Document License (2015-05-13)","w3m":"w3m License","Watcom-1.0":"Sybase Open Watcom Public License 1.0","Widget-Workshop":"Widget Workshop License","WordNet":"WordNet License","Wsuipa":"Wsuipa License","WTFNMFPL":"Do What The F*ck You Want To But It\'s Not My Fault Public License","WTFPL":"Do What The F*ck You Want To Public License","wwl":"WWL License","wxWindows":"wxWindows Library License","X11":"X11 License","X11-distribute-modifications-variant":"X11 License Distribution Modification Variant","X11-no-permit-persons":"X11 no permit persons clause","X11-swapped":"X11 swapped final paragraphs","Xdebug-1.03":"Xdebug License v 1.03","Xerox":"Xerox License","Xfig":"Xfig License","XFree86-1.1":"XFree86 License 1.1","xinetd":"xinetd License","xkeyboard-config-Zinoviev":"xkeyboard-config Zinoviev License","xlock":"xlock License","Xnet":"X.Net License","xpp":"XPP License","XSkat":"XSkat License","xzoom":"xzoom License","YPL-1.0":"Yahoo! Public License v1.0","YPL-1.1":"Yahoo! Public License v1.1","Zed":"Zed License","Zeeff":"Zeeff License","Zend-2.0":"Zend License v2.0","Zimbra-1.3":"Zimbra Public License v1.3","Zimbra-1.4":"Zimbra Public License v1.4","Zlib":"zlib License","zlib-acknowledgement":"zlib/libpng License with Acknowledgement","ZPL-1.1":"Zope Public License 1.1","ZPL-2.0":"Zope Public License 2.0","ZPL-2.1":"Zope Public License 2.1","389-exception":"389 Directory Server Exception","Asterisk-exception":"Asterisk exception","Asterisk-linking-protocols-exception":"Asterisk linking protocols exception","Autoconf-exception-2.0":"Autoconf exception 2.0","Autoconf-exception-3.0":"Autoconf exception 3.0","Autoconf-exception-generic":"Autoconf generic exception","Autoconf-exception-generic-3.0":"Autoconf generic exception for GPL-3.0","Autoconf-exception-macro":"Autoconf macro exception","Bison-exception-1.24":"Bison exception 1.24","Bison-exception-2.2":"Bison exception 2.2","Bootloader-exception":"Bootloader Distribution Exception","CGAL-linking-exception":"CGAL Linking Exception","Classpath-exception-2.0":"Classpath exception 2.0","Classpath-exception-2.0-short":"Classpath exception 2.0 - short","CLISP-exception-2.0":"CLISP exception 2.0","cryptsetup-OpenSSL-exception":"cryptsetup OpenSSL exception","Digia-Qt-LGPL-exception-1.1":"Digia Qt LGPL Exception version 1.1","DigiRule-FOSS-exception":"DigiRule FOSS License Exception","eCos-exception-2.0":"eCos exception 2.0","erlang-otp-linking-exception":"Erlang/OTP Linking Exception","Fawkes-Runtime-exception":"Fawkes Runtime Exception","FLTK-exception":"FLTK exception","fmt-exception":"fmt exception","Font-exception-2.0":"Font exception 2.0","freertos-exception-2.0":"FreeRTOS Exception 2.0","GCC-exception-2.0":"GCC Runtime Library exception 2.0","GCC-exception-2.0-note":"GCC    Runtime Library exception 2.0 - note variant","GCC-exception-3.1":"GCC Runtime Library exception 3.1","Gmsh-exception":"Gmsh exception","GNAT-exception":"GNAT exception","GNOME-examples-exception":"GNOME examples exception","GNU-compiler-exception":"GNU Compiler Exception","gnu-javamail-exception":"GNU JavaMail exception","Google-Patent-WebM":"Google Additional IP Rights Grant (Patents) - WebM","GPL-3.0-389-ds-base-exception":"GPL-3.0 389 DS Base Exception","GPL-3.0-interface-exception":"GPL-3.0 Interface Exception","GPL-3.0-linking-exception":"GPL-3.0 Linking Exception","GPL-3.0-linking-source-exception":"GPL-3.0 Linking Exception (with Corresponding Source)","GPL-CC-1.0":"GPL Cooperation Commitment 1.0","GStreamer-exception-2005":"GStreamer Exception (2005)","GStreamer-exception-2008":"GStreamer Exception (2008)","harbour-exception":"harbour exception","i2p-gpl-java-exception":"i2p GPL+Java Exception","Independent-modules-exception":"Independent Module Linking exception","KiCad-libraries-exception":"KiCad Libraries Exception","kvirc-openssl-exception":"kvirc OpenSSL Exception","LGPL-3.0-linking-exception":"LGPL-3.0 Linking Exception","libpri-OpenH323-exception":"libpri OpenH323 exception","Libtool-exception":"Libtool Exception","Linux-syscall-note":"Linux Syscall Note","LLGPL":"LLGPL Preamble","LLVM-exception":"LLVM Exception","LZMA-exception":"LZMA exception","mif-exception":"Macros and Inline Functions Exception","mxml-exception":"mxml Exception","Nokia-Qt-exception-1.1":"Nokia Qt LGPL exception 1.1","OCaml-LGPL-linking-exception":"OCaml LGPL Linking Exception","OCCT-exception-1.0":"Open CASCADE Exception 1.0","OpenJDK-assembly-exception-1.0":"OpenJDK Assembly exception 1.0","openvpn-openssl-exception":"OpenVPN OpenSSL Exception","PCRE2-exception":"PCRE2 exception","polyparse-exception":"Polyparse Exception","PS-or-PDF-font-exception-20170817":"PS/PDF font exception (2017-08-17)","QPL-1.0-INRIA-2004-exception":"INRIA QPL 1.0 2004 variant exception","Qt-GPL-exception-1.0":"Qt GPL exception 1.0","Qt-LGPL-exception-1.1":"Qt LGPL exception 1.1","Qwt-exception-1.0":"Qwt exception 1.0","romic-exception":"Romic Exception","RRDtool-FLOSS-exception-2.0":"RRDtool FLOSS exception 2.0","rsync-linking-exception":"rsync Linking Exception","SANE-exception":"SANE Exception","SHL-2.0":"Solderpad Hardware License v2.0","SHL-2.1":"Solderpad Hardware License v2.1","Simple-Library-Usage-exception":"Simple Library Usage Exception","Spelling-Provider-LGPL-exception":"Spelling Provider LGPL exception","sqlitestudio-OpenSSL-exception":"sqlitestudio OpenSSL exception","stunnel-exception":"stunnel Exception","SWI-exception":"SWI exception","Swift-exception":"Swift Exception","Texinfo-exception":"Texinfo exception","u-boot-exception-2.0":"U-Boot exception 2.0","UBDL-exception":"Unmodified Binary Distribution exception","Universal-FOSS-exception-1.0":"Universal FOSS Exception, Version 1.0","vsftpd-openssl-exception":"vsftpd OpenSSL exception","WxWindows-exception-3.1":"WxWindows Library Exception 3.1","x11vnc-openssl-exception":"x11vnc OpenSSL Exception"}}')}};
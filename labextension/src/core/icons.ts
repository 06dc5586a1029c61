import { LabIcon } from '@jupyterlab/ui-components';
import workspaceSvg from '../../style/icons/workspace.svg';

/** Points that rise above a base line: the panel's icon, coloured by the theme. */
export const workspaceIcon = new LabIcon({
  name: 'mlops-nb:workspace',
  svgstr: workspaceSvg
});

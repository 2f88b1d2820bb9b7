import { type ReactNode, useId } from 'react'
import './switch.css'

interface SwitchProps {
  icon?: ReactNode
  label: string
  hint?: string
  on: boolean
  onChange: (on: boolean) => void
  disabled?: boolean
}

export function Switch({ icon, label, hint, on, onChange, disabled }: SwitchProps) {
  const id = useId()
  return (
    <div className="switch-row">
      {icon}
      <span className="grow">
        <span id={id}>{label}</span>
        {hint !== undefined && (
          <span className="small muted hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </span>
      <button
        className="switch"
        type="button"
        role="switch"
        aria-checked={on}
        aria-labelledby={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        disabled={disabled}
        onClick={() => onChange(!on)}
      >
        <i />
      </button>
    </div>
  )
}

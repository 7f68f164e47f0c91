"""Why a network does not learn: figures of each layer, and verdicts with the equation behind."""

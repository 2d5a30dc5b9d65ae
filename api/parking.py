"""How the application tells the server that a call waits, and gets it back; pure names.

The application calls what it finds in the request's environment under `PARK` with the room and the
seat, and returns nothing. When the seat ends the same request is made again with the answer under
`ENDED`.
"""

from typing import Final

PARK: Final = "pvc.park"
ENDED: Final = "pvc.ended"
